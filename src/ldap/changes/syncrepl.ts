import { BerWriter } from 'ldapts';
import { BerCursor, TAG } from '../ber.ts';
import { RequestControl } from '../control.ts';
import { searchObjects, textValues } from '../entry-object.ts';
import { DirectoryError, resultError } from '../error.ts';
import { parseFilter } from '../filter.ts';
import { encodeFilter } from '../filter-ber.ts';
import type { MessageHeader } from '../message-header.ts';
import { ID_LENGTH, idText } from '../object-id.ts';
import { ANYTHING } from '../root-dse.ts';
import { controlValue, decodeSearchResult, SEARCH_RESULT_DONE } from '../search-result.ts';
import type { Session } from '../session.ts';
import { CONTAINER_ATTRIBUTES, hasObjectsBelow } from './containers.ts';
import { type Changes, type Mechanism, Notices, parsePosition, Refusal } from './mechanism.ts';

export const SYNC_REQUEST = '1.3.6.1.4.1.4203.1.9.1.1';
const SYNC_STATE = '1.3.6.1.4.1.4203.1.9.1.2';
const SYNC_DONE = '1.3.6.1.4.1.4203.1.9.1.3';
const SYNC_INFO = '1.3.6.1.4.1.4203.1.9.1.4';

const SEARCH_RESULT_ENTRY = 0x64;
const INTERMEDIATE_RESPONSE = 0x79;
const INFO_NAME = 0x80;
const INFO_VALUE = 0x81;
/** The forms of a Sync Info message. */
const INFO = { newCookie: 0x80, refreshDelete: 0xa1, refreshPresent: 0xa2, idSet: 0xa3 } as const;
const REFRESH_ONLY = 1;
const STATE = { present: 0, delete: 3 } as const;

/** No entry matches it, and slapd sees that by its index of entryUUID: the other half alone has it look at every entry. */
const NOTHING = encodeFilter(
  parseFilter('(&(entryUUID=00000000-0000-0000-0000-000000000000)(!(objectClass=*)))'),
);
/**
 * timeLimitExceeded, sizeLimitExceeded, adminLimitExceeded: more changes than the account may see at once.
 * unavailableCriticalExtension: the server offers it for other databases than this. unwillingToPerform: the cookie is newer than
 * the server. e-syncRefreshRequired: it is too old.
 */
const REFUSALS = [3, 4, 11, 12, 53, 4096];

/**
 * RFC 4533 content synchronisation, refreshOnly, as OpenLDAP's syncprov overlay offers it: tells which entries below the base
 * changed. Deletions are told as long as the server's session log reaches back to the cookie; otherwise the server names what is
 * still there, which says nothing of objects whose names we don't keep here.
 */
export class SyncRepl implements Mechanism {
  readonly kind = 'syncrepl';
  readonly #session: Session;
  readonly #base: string;
  readonly #timeLimit: number;

  /** @param timeLimit seconds */
  constructor(session: Session, base: string, timeLimit: number) {
    this.#session = session;
    this.#base = base;
    this.#timeLimit = timeLimit;
  }

  /** A cookie is good on every server that has the same contents. */
  async scope(): Promise<string> {
    const [base] = await searchObjects(this.#session, {
      base: this.#base,
      scope: 'base',
      filter: ANYTHING,
      attributes: ['entryUUID'],
      timeLimit: this.#timeLimit,
    });
    return `contents ${textValues(base, 'entryUUID')[0] ?? this.#base.toLowerCase()}`;
  }

  async now(): Promise<Buffer | Refusal> {
    const answer = await this.#ask(undefined, NOTHING);
    if (answer instanceof Refusal) return answer;
    if (answer.cookie === undefined || answer.cookie.length === 0) {
      return new Refusal('the server gave no cookie for content synchronisation');
    }
    return encode({ cookie: answer.cookie.toString('base64'), keepsLog: false });
  }

  async since(position: Buffer): Promise<Changes | Refusal> {
    const known = parsePosition(position, isPosition);
    if (known === undefined) return new Refusal('the cursor is not one of this program');
    const { cookie, keepsLog } = known;
    const answer = await this.#ask(Buffer.from(cookie, 'base64'), ANYTHING);
    if (answer instanceof Refusal) return answer;
    const { notices, deletionsSeen } = answer;
    if (keepsLog && !deletionsSeen) {
      return new Refusal('the session log of the server does not reach back to the last run');
    }
    // Without a cookie nothing has changed.
    if (answer.cookie === undefined) return { notices, position, deletionsSeen };
    const next = encode({ cookie: answer.cookie.toString('base64'), keepsLog: deletionsSeen });
    return { notices, position: next, deletionsSeen };
  }

  async #ask(cookie: Buffer | undefined, filter: Buffer): Promise<Answer | Refusal> {
    const answer = new Answer(this.#session);
    const parameters = {
      base: this.#base,
      scope: 'sub' as const,
      filter,
      attributes: ['entryUUID', ...CONTAINER_ATTRIBUTES],
      timeLimit: this.#timeLimit,
      controls: [new RequestControl(SYNC_REQUEST, true, requestValue(cookie))],
      tolerated: REFUSALS,
    };
    const states: State[] = [];
    const entries = await searchObjects(this.#session, parameters, (message) => {
      if (message.tag === SEARCH_RESULT_ENTRY) states.push(answer.state(message));
      else answer.read(message);
    });
    for (const [i, entry] of entries.entries()) {
      const { state, id } = states[i];
      if (state === STATE.present) continue;
      answer.take(id, state === STATE.delete, hasObjectsBelow(entry));
    }
    return answer.refusal ?? answer;
  }
}

interface Position {
  /** In base64. */
  readonly cookie: string;
  /** Whether the server has told of changes with a session log to draw on. */
  readonly keepsLog: boolean;
}

function isPosition(value: Partial<Position>): value is Position {
  return typeof value.cookie === 'string' && typeof value.keepsLog === 'boolean';
}

function encode(position: Position): Buffer {
  return Buffer.from(JSON.stringify(position));
}

interface State {
  readonly state: number;
  readonly id: Buffer;
}

/** What a server says beside its entries. */
class Answer {
  readonly notices = new Notices();
  cookie: Buffer | undefined;
  deletionsSeen = false;
  refusal: Refusal | undefined;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Of the message's entry. */
  state(message: MessageHeader): State {
    const value = controlValue(message.afterOperation(), SYNC_STATE);
    if (value === undefined) throw this.#broken('an entry without its state');
    const sequence = new BerCursor(value, 0, value.length).take(TAG.sequence);
    return { state: sequence.takeInteger(TAG.enumerated), id: this.#id(sequence.takeBytes()) };
  }

  read(message: MessageHeader): void {
    if (message.tag === INTERMEDIATE_RESPONSE) this.#readInfo(message.operation());
    else if (message.tag === SEARCH_RESULT_DONE) this.#readDone(message);
  }

  take(id: Buffer, isDeleted: boolean, mayHaveMoved: boolean): void {
    this.notices.take({ id, assertion: Buffer.from(idText(id, 'uuid')), isDeleted, mayHaveMoved });
  }

  #readInfo(operation: BerCursor): void {
    if (operation.tag !== INFO_NAME || operation.takeText(INFO_NAME) !== SYNC_INFO) return;
    const bytes = operation.takeBytes(INFO_VALUE);
    const info = new BerCursor(bytes, 0, bytes.length);
    if (info.tag === INFO.newCookie) this.cookie = info.takeBytes(INFO.newCookie);
    if (info.tag === INFO.refreshDelete || info.tag === INFO.refreshPresent) {
      const contents = info.take(info.tag);
      if (contents.tag === TAG.octetString) this.cookie = contents.takeBytes();
    }
    if (info.tag !== INFO.idSet) return;
    const contents = info.take(INFO.idSet);
    if (contents.tag === TAG.octetString) this.cookie = contents.takeBytes();
    const areDeleted = contents.tag === TAG.boolean && contents.takeBytes(TAG.boolean)[0] !== 0;
    const ids = contents.take(TAG.set);
    while (!ids.done) {
      const id = this.#id(ids.takeBytes());
      if (areDeleted) this.take(id, true, false);
    }
  }

  #readDone(message: MessageHeader): void {
    const { code, diagnostic } = decodeSearchResult(message.operation(), message.afterOperation());
    if (code !== 0) {
      const { problem } = resultError(this.#session.server, 'content synchronisation', code, diagnostic);
      this.refusal = new Refusal(problem);
      return;
    }
    const value = controlValue(message.afterOperation(), SYNC_DONE);
    if (value === undefined) throw this.#broken('no end of it');
    const done = new BerCursor(value, 0, value.length).take(TAG.sequence);
    if (done.tag === TAG.octetString) this.cookie = done.takeBytes();
    this.deletionsSeen = done.tag === TAG.boolean && done.takeBytes(TAG.boolean)[0] !== 0;
  }

  #id(bytes: Buffer): Buffer {
    if (bytes.length !== ID_LENGTH) throw this.#broken('an id that is no UUID');
    return bytes;
  }

  #broken(what: string): DirectoryError {
    return new DirectoryError(
      this.#session.server,
      'protocol',
      `content synchronisation was answered with ${what}`,
    );
  }
}

function requestValue(cookie: Buffer | undefined): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeEnumeration(REFRESH_ONLY);
  if (cookie !== undefined) writer.writeBuffer(cookie, TAG.octetString);
  writer.endSequence();
  return writer.buffer;
}
