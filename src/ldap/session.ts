import type { Socket } from 'node:net';
import { UnbindRequest } from 'ldapts';
import { MalformedError } from './ber.ts';
import { DirectoryError, printableText, resultError, type Server } from './error.ts';
import { LinearMemory } from './linear-memory.ts';
import { MessageBuffer } from './message-buffer.ts';
import { MessageHeader } from './message-header.ts';
import { Pace } from './pace.ts';
import { readInto } from './reading.ts';
import { Rest } from './rest.ts';
import { resultName } from './result-code.ts';
import { encodeSearch, type SearchParameters } from './search-request.ts';
import { decodeNotification, decodeSearchResult, SEARCH_RESULT_DONE } from './search-result.ts';
import type { Visit } from './visit.ts';

const SEARCH_RESULT_ENTRY = 0x64;
const SEARCH_RESULT_REFERENCE = 0x73;
const EXTENDED_RESPONSE = 0x78;
const INTERMEDIATE_RESPONSE = 0x79;

/** Ids that the bind before the first search hasn't used. */
const FIRST_MESSAGE_ID = 1000;
/** Bytes worked on at a time, before what else has come in is looked at: the server waits for the request of its next page. */
const SLICE = 16 * 1024;
/** The next page is not asked for while more bytes than this wait to be worked on. */
const MAX_WAITING = 4 * 1024 * 1024;
/** Entries that the fastest server sends during a rest: so near the end of a page there is none. */
const NEAR_END = 300;
/** A server may answer a page without an entry while it looks for the next one; one that never comes to an end is broken. */
const MAX_EMPTY_PAGES = 1000;
/** What is asked for, one after the other, where a server refuses larger pages. */
const SMALLER_PAGES = [5000, 1000, 500, 100];
/** adminLimitExceeded: OpenLDAP's answer, without an entry, to a page that is larger than its `size.pr`. */
const ADMIN_LIMIT_EXCEEDED = 11;

/** Gets the contents of a SearchResultEntry where they lie; they are good during the call only. */
export type OnEntry = (bytes: Uint8Array, start: number, end: number) => void;

/** Gets every message of an answer, its controls too, before anything else is done with it; good during the call only. */
export type OnMessage = (message: MessageHeader) => void;

/** The search that is being answered. */
interface Search {
  readonly parameters: SearchParameters;
  readonly onEntry: OnEntry;
  readonly onPage: () => void;
  readonly onMessage: OnMessage | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  id: number;
  /** Entries that the page in hand was asked to have; undefined without pages. */
  pageSize: number | undefined;
  /** Messages of the page in hand. */
  messages: number;
  emptyPages: number;
  /** What the page before began with. */
  firstEntry: Buffer | undefined;
  /** The cookie of a page that is still to be asked for. */
  cookie: Buffer | undefined;
  /** Whether the end of the last page is in. */
  isAnswered: boolean;
}

/**
 * Searches on a connection that is bound, one after the other. What arrives is looked through at once for the end of the page, and
 * the next page is asked for as soon as its cookie is in; the server gathers it while the entries of this one are worked on.
 *
 * A search resolves only on `success` with nothing missing; whatever else happens rejects it, and the session is of no use
 * afterwards.
 */
export class Session {
  readonly server: Server;
  /** Entries come in this memory. */
  readonly memory: LinearMemory;
  references = 0;

  readonly #socket: Socket;
  readonly #timeout: number;
  readonly #visit: Visit;
  readonly #pace: Pace;
  readonly #rest: Rest;
  readonly #buffer: MessageBuffer;
  readonly #message = new MessageHeader();
  #search: Search | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  #askedAt = 0;
  #pageLimit = Number.POSITIVE_INFINITY;
  #nextId = FIRST_MESSAGE_ID;
  #failure: unknown;
  #isWorkScheduled = false;

  /**
   * @param timeout milliseconds for each answer; 0 for none
   * @param visit is told what is sent and received
   * @throws NoMemoryError when there is none for what comes; the connection is closed then
   */
  constructor(socket: Socket, server: Server, timeout: number, visit: Visit, pace = new Pace(undefined)) {
    this.server = server;
    this.#socket = socket;
    this.#timeout = timeout;
    this.#visit = visit;
    this.#pace = pace;
    this.#rest = new Rest(socket, () => this.#isMidPage());
    try {
      this.memory = new LinearMemory();
      this.#buffer = new MessageBuffer(this.memory);
    } catch (error) {
      // A connection that nobody has keeps the whole process waiting.
      socket.destroy();
      throw error;
    }
    readInto(socket, () => this.#room());
    socket.on('data', (chunk: Buffer) => this.#push(chunk));
    socket.on('error', (error) =>
      this.#fail(this.#error('closed', `the connection broke: ${error.message}`)),
    );
    socket.on('end', () => this.#fail(this.#ended()));
    socket.on('close', () => this.#fail(this.#ended()));
  }

  get requests(): number {
    return this.#visit.requests;
  }

  get entries(): number {
    return this.#visit.entries;
  }

  get bytes(): number {
    return this.#visit.bytes;
  }

  /**
   * Searches, in pages where the parameters say so.
   *
   * @param onPage called after the entries of each page
   * @param onMessage for answers that say something beside their entries
   * @throws DirectoryError, NoMemoryError, and whatever the receiver throws
   */
  search(
    parameters: SearchParameters,
    onEntry: OnEntry,
    onPage: () => void = () => {},
    onMessage?: OnMessage,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      const state = {
        id: 0,
        pageSize: undefined,
        messages: 0,
        emptyPages: 0,
        firstEntry: undefined,
        cookie: undefined,
        isAnswered: false,
      };
      this.#search = { parameters, onEntry, onPage, onMessage, resolve, reject, ...state };
      this.#request(this.#search, undefined);
    });
  }

  /** Ends the search in hand with this error, and the connection. */
  abort(reason: unknown): void {
    this.#fail(reason);
  }

  /** Says goodbye. */
  close(): void {
    this.#failure ??= this.#error('closed', 'the session is closed');
    clearTimeout(this.#pause);
    this.#rest.cancel();
    if (!this.#socket.destroyed) this.#socket.end(new UnbindRequest({ messageId: this.#nextId }).write());
    this.#socket.destroySoon();
  }

  #request(search: Search, cookie: Buffer | undefined): void {
    search.id = this.#nextId++;
    search.messages = 0;
    search.cookie = undefined;
    const delay = this.#pace.delay(performance.now());
    if (delay === 0) {
      this.#send(search, cookie);
      return;
    }
    this.#visit.pausedMilliseconds += delay;
    this.#pause = setTimeout(() => this.#send(search, cookie), delay);
  }

  #send(search: Search, cookie: Buffer | undefined): void {
    const { pageSize } = search.parameters;
    search.pageSize = pageSize === undefined ? undefined : this.#pageSize(pageSize);
    const parameters =
      search.pageSize === undefined ? search.parameters : { ...search.parameters, pageSize: search.pageSize };
    this.#visit.requests++;
    this.#startTimer();
    this.#askedAt = performance.now();
    this.#socket.write(encodeSearch(search.id, parameters, cookie));
  }

  #pageSize(asked: number): number {
    return Math.min(this.#pace.pageSize(asked), this.#pageLimit);
  }

  #startTimer(): void {
    clearTimeout(this.#timer);
    if (this.#timeout === 0) return;
    this.#timer = setTimeout(() => this.#fail(this.#late()), this.#timeout);
  }

  #late(): DirectoryError {
    const { messages = 0, pageSize } = this.#search ?? {};
    if (messages === 0) return this.#error('timeout', `no answer within ${this.#timeout} ms`);
    const remedies = [
      'a longer operation_timeout',
      ...(pageSize === undefined ? [] : ['a smaller page_size']),
    ];
    return this.#error(
      'timeout',
      `no whole answer within ${this.#timeout} ms, only ${messages} of its messages: ${remedies.join(' or ')} may help`,
    );
  }

  /** What fails here would be nobody's: the connection asks for it by itself. */
  #room(): Uint8Array {
    try {
      return this.#buffer.room();
    } catch (error) {
      this.#failWith(error);
      return Buffer.alloc(1);
    }
  }

  #push(chunk: Buffer): void {
    this.#visit.bytes += chunk.length;
    if (this.#failure !== undefined) return;
    try {
      this.#buffer.append(chunk);
      this.#scan();
      // Most chunks are small, and what is worked on at once leaves its room to the next one.
      if (!this.#isWorkScheduled) this.#work();
      this.#rest.schedule(chunk.length);
    } catch (error) {
      this.#failWith(error);
    }
  }

  /** Whether nothing is waited for that comes soon. */
  #isMidPage(): boolean {
    const { messages, pageSize } = this.#search ?? {};
    if (this.#failure !== undefined) return false;
    return messages !== undefined && messages > 0 && pageSize !== undefined && messages < pageSize - NEAR_END;
  }

  /** Looks for the ends of pages in what has come in. */
  #scan(): void {
    const buffer = this.#buffer;
    const message = this.#message;
    for (;;) {
      const search = this.#search;
      // The first one of a page is looked at more closely, and behind the last page there is to be none.
      const isMidPage = search !== undefined && search.messages > 0 && !search.isAnswered;
      if (isMidPage) search.messages += buffer.scanEntries(search.id);
      const end = buffer.messageEnd(buffer.scanned);
      if (end === undefined) return;
      message.read(buffer.bytes, buffer.scanned, end);
      if (message.id === 0) throw this.#notified(message);
      if (message.id !== search?.id || search.isAnswered) {
        throw new MalformedError('it answers a request that was not made');
      }
      search.messages++;
      if (search.messages === 1 && message.tag === SEARCH_RESULT_ENTRY) this.#checkProgress(search);
      buffer.scanned = end;
      if (message.tag === SEARCH_RESULT_DONE) this.#endPage(search);
    }
  }

  /** No entry comes twice in one search: a server that begins a page as the one before would go on for ever. */
  #checkProgress(search: Search): void {
    const { bytes, start, end } = this.#message;
    const entry = Buffer.from(bytes.subarray(start, end));
    if (search.firstEntry?.equals(entry)) {
      throw this.#error(
        'protocol',
        'two pages in a row begin with the same entry: the server answers in a circle',
      );
    }
    search.firstEntry = entry;
  }

  #scheduleWork(): void {
    if (this.#isWorkScheduled || this.#buffer.start === this.#buffer.scanned) return;
    this.#isWorkScheduled = true;
    setImmediate(() => {
      this.#isWorkScheduled = false;
      try {
        this.#work();
      } catch (error) {
        this.#failWith(error);
      }
    });
  }

  /** Works on a slice of the messages that have been scanned. */
  #work(): void {
    const buffer = this.#buffer;
    const message = this.#message;
    const search = this.#search;
    if (search === undefined) return;
    const stop = Math.min(buffer.scanned, buffer.start + SLICE);
    while (buffer.start < stop) {
      message.read(buffer.bytes, buffer.start, buffer.messageEnd(buffer.start) ?? buffer.end);
      buffer.start = message.messageEnd;
      this.#receive(message, search);
      if (this.#search !== search) return;
    }
    if (search.cookie !== undefined && buffer.scanned - buffer.start <= MAX_WAITING) {
      this.#request(search, search.cookie);
    }
    if (buffer.start < buffer.scanned) this.#scheduleWork();
    else if (search.isAnswered) this.#finish(search);
  }

  #receive(message: MessageHeader, search: Search): void {
    search.onMessage?.(message);
    switch (message.tag) {
      case SEARCH_RESULT_ENTRY:
        this.#visit.entries++;
        search.onEntry(message.bytes, message.start, message.end);
        return;
      case SEARCH_RESULT_REFERENCE:
        this.references++;
        return;
      case SEARCH_RESULT_DONE:
        search.onPage();
        return;
      case INTERMEDIATE_RESPONSE:
        return;
      default:
        throw new MalformedError(`tag 0x${message.tag.toString(16)} answers no search`);
    }
  }

  #finish(search: Search): void {
    this.#search = undefined;
    search.resolve();
  }

  /** Makes what `#message` says of the page's end come true. */
  #endPage(search: Search): void {
    const { parameters } = search;
    const result = decodeSearchResult(this.#message.operation(), this.#message.afterOperation());
    if (result.code !== 0 && parameters.tolerated?.includes(result.code) !== true) {
      if (this.#asksSmaller(search, result.code)) return;
      throw resultError(this.server, 'a search', result.code, result.diagnostic);
    }
    clearTimeout(this.#timer);
    if (parameters.pageSize !== undefined) {
      const now = performance.now();
      this.#pace.answered(search.messages - 1, now - this.#askedAt, now);
    }
    if (parameters.pageSize !== undefined && result.cookie === undefined) {
      throw this.#error(
        'protocol',
        'a page came without the paged results control: nothing tells whether it is the last',
      );
    }
    if (parameters.pageSize === undefined || result.cookie === undefined || result.cookie.length === 0) {
      search.isAnswered = true;
      return;
    }
    search.emptyPages = search.messages > 1 ? 0 : search.emptyPages + 1;
    if (search.emptyPages > MAX_EMPTY_PAGES) {
      throw this.#error('protocol', `${MAX_EMPTY_PAGES} pages in a row were empty and promised more`);
    }
    if (this.#buffer.scanned - this.#buffer.start > MAX_WAITING) search.cookie = result.cookie;
    else this.#request(search, result.cookie);
  }

  /** Begins a search anew that was refused before its first entry, perhaps because of the size of its pages. */
  #asksSmaller(search: Search, code: number): boolean {
    const { pageSize } = search.parameters;
    const isFirstPage = search.messages === 1 && search.firstEntry === undefined && search.emptyPages === 0;
    if (code !== ADMIN_LIMIT_EXCEEDED || pageSize === undefined || !isFirstPage) return false;
    const refused = this.#pageSize(pageSize);
    const smaller = SMALLER_PAGES.find((size) => size < refused);
    if (smaller === undefined) return false;
    this.#pageLimit = smaller;
    this.#visit.pageLimit = smaller;
    this.#request(search, undefined);
    return true;
  }

  /** A notice of disconnection (RFC 4511, 4.4.1), the only unsolicited notification there is. */
  #notified(message: MessageHeader): Error {
    if (message.tag !== EXTENDED_RESPONSE) return new MalformedError('a notification of unknown form');
    const { code, diagnostic } = decodeNotification(message.operation());
    const name = resultName(code);
    if (name === 'strongerAuthRequired') return resultError(this.server, 'the connection', code, diagnostic);
    const problem = `the server disconnected: ${name} (${code}) ${printableText(diagnostic)}`.trim();
    return new DirectoryError(this.server, 'closed', problem, { code, diagnostic });
  }

  #ended(): DirectoryError {
    const where = this.#buffer.end > this.#buffer.scanned ? ' in the middle of an answer' : '';
    return this.#error('closed', `the server closed the connection${where}`);
  }

  #error(fault: DirectoryError['fault'], message: string, cause?: unknown): DirectoryError {
    return new DirectoryError(this.server, fault, message, { cause });
  }

  #failWith(error: unknown): void {
    if (!(error instanceof MalformedError)) this.#fail(error);
    else this.#fail(this.#error('protocol', `the answer is damaged: ${error.message}`, error));
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    clearTimeout(this.#pause);
    this.#rest.cancel();
    this.#socket.destroy();
    const search = this.#search;
    if (search === undefined) return;
    // A server may close the connection behind its last word.
    const isEnd = error instanceof DirectoryError && error.fault === 'closed';
    if (isEnd && search.isAnswered) return;
    clearTimeout(this.#timer);
    this.#search = undefined;
    search.reject(error);
  }
}
