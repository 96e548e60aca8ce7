import { byteValues, searchObjects, textValues } from '../entry-object.ts';
import type { Filter } from '../filter.ts';
import { encodeFilter } from '../filter-ber.ts';
import { idOf } from '../object-id.ts';
import type { Session } from '../session.ts';
import { CONTAINER_ATTRIBUTES, hasObjectsBelow } from './containers.ts';
import { type Changes, type Mechanism, Notices, parsePosition, Refusal } from './mechanism.ts';

const SIZE_LIMIT_EXCEEDED = 4;
const NO_SUCH_OBJECT = 32;
/** A server's clock may be so far from ours when the first position is taken; milliseconds. */
const CLOCK_SKEW = 60 * 60_000;
/** A change may become visible so long after the time that it bears: clocks tick in seconds, and writers wait for each other. */
const OVERLAP = 60_000;

interface Position {
  /** Milliseconds since 1970, on the server's clock. */
  readonly time: number;
  /** With the times that they bear: within the overlap the same ones come again, and have not moved again. */
  readonly containers: readonly string[];
}

function isPosition(value: Partial<Position>): value is Position {
  return Number.isFinite(value.time) && Array.isArray(value.containers);
}

export interface TimestampSettings {
  readonly top: string;
  readonly idAttribute: string;
  /** That bears the time of the last change. */
  readonly attribute: 'modifyTimestamp' | 'whenChanged';
  /** What tells this server from every other. */
  readonly server: string;
  /** Seconds. */
  readonly timeLimit: number;
  readonly pageSize: number;
  readonly now?: () => number;
}

/**
 * Asks for the objects that bear a late time of modification. Works nearly everywhere, on one and the same server: others take up a
 * change later than the time that it bears. Never shows a deletion.
 *
 * A position is the latest such time seen, on the server's clock, and everything shortly before it is asked for again.
 */
export class Timestamp implements Mechanism {
  readonly kind = 'timestamp';
  readonly #session: Session;
  readonly #settings: TimestampSettings;

  constructor(session: Session, settings: TimestampSettings) {
    this.#session = session;
    this.#settings = settings;
  }

  async scope(): Promise<string> {
    return `server ${this.#settings.server}`;
  }

  /** The latest time that the server has given to an object shortly before, so that our clock need not agree with the server's. */
  async now(): Promise<Buffer | Refusal> {
    const { top, attribute, idAttribute, timeLimit } = this.#settings;
    const present: Filter = { kind: 'present', attribute };
    const [any] = await searchObjects(this.#session, {
      base: top,
      scope: 'sub',
      filter: encodeFilter(present),
      attributes: [attribute, idAttribute],
      timeLimit,
      sizeLimit: 1,
      tolerated: [SIZE_LIMIT_EXCEEDED, NO_SUCH_OBJECT],
    });
    for (const name of [attribute, idAttribute]) {
      if (byteValues(any, name).length === 0) return new Refusal(`the account sees no ${name}`);
    }
    const changes = await this.#changes({ time: this.#clock() - CLOCK_SKEW, containers: [] });
    return changes instanceof Refusal ? changes : changes.position;
  }

  async since(position: Buffer): Promise<Changes | Refusal> {
    const known = parsePosition(position, isPosition);
    return known === undefined ? new Refusal('the cursor is not one of this program') : this.#changes(known);
  }

  async #changes({ time: from, containers: known }: Position): Promise<Changes | Refusal> {
    const { top, attribute, idAttribute, timeLimit, pageSize } = this.#settings;
    const filter: Filter = { kind: 'greaterOrEqual', attribute, value: encodeTime(from - OVERLAP) };
    const entries = await searchObjects(this.#session, {
      base: top,
      scope: 'sub',
      filter: encodeFilter(filter),
      attributes: [idAttribute, attribute, ...CONTAINER_ATTRIBUTES],
      timeLimit,
      pageSize,
    });
    const notices = new Notices();
    const containers: string[] = [];
    let latest = from;
    for (const entry of entries) {
      const [assertion] = byteValues(entry, idAttribute);
      if (assertion === undefined) return new Refusal(`an object changed that shows no ${idAttribute}`);
      const [stamp = ''] = textValues(entry, attribute);
      const container = hasObjectsBelow(entry) ? `${assertion.toString('hex')} ${stamp}` : undefined;
      if (container !== undefined) containers.push(container);
      const mayHaveMoved = container !== undefined && !known.includes(container);
      notices.take({ id: idOf(assertion), assertion, isDeleted: false, mayHaveMoved });
      const time = parseTime(stamp);
      // A time to come is an imported one, or our clock is behind: waiting for neither is safe.
      if (time !== undefined && time > latest && time <= this.#clock()) latest = time;
    }
    const position: Position = { time: latest, containers };
    return { notices, position: Buffer.from(JSON.stringify(position)), deletionsSeen: false };
  }

  #clock(): number {
    return (this.#settings.now ?? Date.now)();
  }
}

/** GeneralizedTime (RFC 4517, 3.3.13) as servers give it: in UTC, with seconds. Milliseconds since 1970. */
function parseTime(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:[.,]\d+)?Z$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** In the form that Active Directory takes, too. */
function encodeTime(time: number): Buffer {
  const digits = new Date(time)
    .toISOString()
    .replace(/[^0-9]/g, '')
    .slice(0, 14);
  return Buffer.from(`${digits}.0Z`);
}
