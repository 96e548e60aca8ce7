import { BerWriter } from 'ldapts';
import { BerCursor, TAG } from '../ber.ts';
import { RequestControl, SHOW_DELETED } from '../control.ts';
import { byteValues, type EntryObject, searchObjects, textValues } from '../entry-object.ts';
import { DirectoryError, resultError } from '../error.ts';
import { parseFilter } from '../filter.ts';
import { encodeFilter } from '../filter-ber.ts';
import { idOf } from '../object-id.ts';
import { ANYTHING } from '../root-dse.ts';
import { controlValue, decodeSearchResult, SEARCH_RESULT_DONE } from '../search-result.ts';
import type { Session } from '../session.ts';
import { type Changes, type Mechanism, Notices, Refusal } from './mechanism.ts';

export const DIRSYNC = '1.2.840.113556.1.4.841';

/** The account sees what it sees otherwise, and needs no right to replicate. */
const OBJECT_SECURITY = 1;
/** As much as a server likes to give at a time. */
const MAX_BYTES = 0x7fff_ffff;
/** Answers in a row without an object; a server that never comes to an end is broken. */
const MAX_EMPTY = 1000;

/** Of the container of deleted objects, whatever its name (MS-ADTS, 6.1.1.4). */
const DELETED_OBJECTS = '18E2EA80684F11D2B9AA00C04F79F805';

const NOTHING = encodeFilter(parseFilter('(!(objectClass=*))'));
const NO_SUCH_OBJECT = 32;
const INSUFFICIENT_ACCESS_RIGHTS = 50;
/**
 * What servers answer to a cookie that they can't use, or to DirSync where there is none: operationsError, protocolError,
 * unavailableCriticalExtension, insufficientAccessRights, unwillingToPerform, other.
 */
const REFUSALS = [1, 2, 12, INSUFFICIENT_ACCESS_RIGHTS, 53, 80];
/** Classes whose objects have nothing below them that could be a recipient. */
const LEAVES = new Set(['user', 'contact', 'group', 'publicfolder', 'msexchdynamicdistributionlist']);

/**
 * DirSync of Active Directory (MS-ADTS, 3.1.1.3.4.1.3): tells which objects of a naming context changed in one of the attributes
 * that are asked for, and with the right to see them which were deleted. Its cookies are good on every server of the domain.
 */
export class DirSync implements Mechanism {
  readonly kind = 'dirsync';
  readonly #session: Session;
  readonly #context: string;
  readonly #attributes: readonly string[];
  readonly #timeLimit: number;
  readonly #showsDeleted: boolean;

  /**
   * @param context the DN of the naming context
   * @param attributes those whose changes matter
   * @param timeLimit seconds
   */
  constructor(
    session: Session,
    context: string,
    attributes: readonly string[],
    timeLimit: number,
    supportedControls: readonly string[],
  ) {
    this.#session = session;
    this.#context = context;
    this.#attributes = attributes;
    this.#timeLimit = timeLimit;
    this.#showsDeleted = supportedControls.includes(SHOW_DELETED);
  }

  async scope(): Promise<string> {
    const [root] = await searchObjects(this.#session, {
      base: this.#context,
      scope: 'base',
      filter: ANYTHING,
      attributes: ['objectGUID'],
      timeLimit: this.#timeLimit,
    });
    const [guid] = byteValues(root, 'objectGUID');
    return `domain ${guid?.toString('hex') ?? this.#context.toLowerCase()}`;
  }

  /** Asks for the changes of nothing: the server looks through all objects, and hands over none. */
  async now(): Promise<Buffer | Refusal> {
    return this.#ask(Buffer.alloc(0), NOTHING, () => {});
  }

  async since(position: Buffer): Promise<Changes | Refusal> {
    const notices = new Notices();
    const answer = await this.#ask(position, ANYTHING, (entry) => {
      const [guid] = byteValues(entry, 'objectGUID');
      if (guid === undefined) throw this.#broken('an object without its objectGUID');
      const classes = textValues(entry, 'objectClass').map((name) => name.toLowerCase());
      const isDeleted = textValues(entry, 'isDeleted')[0]?.toUpperCase() === 'TRUE';
      const isNamed = textValues(entry, 'name').length > 0 || byteValues(entry, 'parentGUID').length > 0;
      notices.take({
        id: idOf(guid),
        assertion: guid,
        isDeleted,
        // A new object comes with its classes.
        mayHaveMoved: !isDeleted && isNamed && !classes.some((name) => LEAVES.has(name)),
      });
    });
    if (answer instanceof Refusal) return answer;
    return { notices, position: answer, deletionsSeen: await this.#seesDeletions() };
  }

  /** Sends DirSync requests until there is no more. */
  async #ask(
    start: Buffer,
    filter: Buffer,
    onEntry: (entry: EntryObject) => void,
  ): Promise<Buffer | Refusal> {
    let cookie = start;
    for (let empty = 0; empty <= MAX_EMPTY; ) {
      const answer = await this.#round(cookie, filter);
      if (answer instanceof Refusal) return answer;
      answer.entries.forEach(onEntry);
      cookie = answer.cookie;
      if (!answer.hasMore) return cookie;
      empty = answer.entries.length === 0 ? empty + 1 : 0;
    }
    throw this.#broken(`${MAX_EMPTY} answers in a row were empty and promised more`);
  }

  async #round(cookie: Buffer, filter: Buffer): Promise<Round | Refusal> {
    let answer: ReturnType<typeof readValue> | undefined;
    let refusal: Refusal | undefined;
    const parameters = {
      base: this.#context,
      scope: 'sub' as const,
      filter,
      attributes: ['objectGUID', 'name', 'parentGUID', 'isDeleted', 'objectClass', ...this.#attributes],
      timeLimit: this.#timeLimit,
      controls: [
        new RequestControl(DIRSYNC, true, requestValue(cookie)),
        ...(this.#showsDeleted ? [new RequestControl(SHOW_DELETED, true)] : []),
      ],
      tolerated: REFUSALS,
    };
    const entries = await searchObjects(this.#session, parameters, (message) => {
      if (message.tag !== SEARCH_RESULT_DONE) return;
      const { code, diagnostic } = decodeSearchResult(message.operation(), message.afterOperation());
      const control = controlValue(message.afterOperation(), DIRSYNC);
      if (control !== undefined) answer = readValue(control);
      if (code !== 0)
        refusal = new Refusal(resultError(this.#session.server, 'DirSync', code, diagnostic).problem);
    });
    if (refusal !== undefined) return refusal;
    if (answer === undefined) throw this.#broken('no control');
    return { entries, ...answer };
  }

  /** Tombstones are seen by those who may read the container that they are in. */
  async #seesDeletions(): Promise<boolean> {
    if (!this.#showsDeleted) return false;
    const [container] = await searchObjects(this.#session, {
      base: `<WKGUID=${DELETED_OBJECTS},${this.#context}>`,
      scope: 'base',
      filter: ANYTHING,
      attributes: ['objectGUID'],
      timeLimit: this.#timeLimit,
      controls: [new RequestControl(SHOW_DELETED, true)],
      tolerated: [NO_SUCH_OBJECT, INSUFFICIENT_ACCESS_RIGHTS],
    });
    return byteValues(container, 'objectGUID').length > 0;
  }

  #broken(what: string): DirectoryError {
    return new DirectoryError(this.#session.server, 'protocol', `DirSync was answered with ${what}`);
  }
}

interface Round {
  readonly entries: readonly EntryObject[];
  readonly cookie: Buffer;
  readonly hasMore: boolean;
}

function requestValue(cookie: Buffer): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(OBJECT_SECURITY);
  writer.writeInt(MAX_BYTES);
  writer.writeBuffer(cookie, TAG.octetString);
  writer.endSequence();
  return writer.buffer;
}

function readValue(value: Buffer): { readonly cookie: Buffer; readonly hasMore: boolean } {
  const sequence = new BerCursor(value, 0, value.length).take(TAG.sequence);
  const hasMore = sequence.takeInteger() !== 0;
  sequence.takeInteger();
  return { hasMore, cookie: sequence.takeBytes() };
}
