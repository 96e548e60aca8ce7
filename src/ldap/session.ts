import type { Socket } from 'node:net';
import { UnbindRequest } from 'ldapts';
import { MalformedError } from './ber.ts';
import { DirectoryError, resultError, type Server } from './error.ts';
import { MessageHeader } from './message-header.ts';
import { MessageStream } from './message-stream.ts';
import { resultName } from './result-code.ts';
import { encodeSearch, type SearchParameters } from './search-request.ts';
import { decodeNotification, decodeSearchResult } from './search-result.ts';

const SEARCH_RESULT_ENTRY = 0x64;
const SEARCH_RESULT_DONE = 0x65;
const SEARCH_RESULT_REFERENCE = 0x73;
const EXTENDED_RESPONSE = 0x78;
const INTERMEDIATE_RESPONSE = 0x79;

/** Ids that the bind before the first search hasn't used. */
const FIRST_MESSAGE_ID = 1000;
/** A server may answer a page without an entry while it looks for the next one; one that never comes to an end is broken. */
const MAX_EMPTY_PAGES = 1000;

/** Gets the contents of a SearchResultEntry where they lie; they are good during the call only. */
export type OnEntry = (bytes: Uint8Array, start: number, end: number) => void;

/** The search that is being answered. */
interface Search {
  readonly parameters: SearchParameters;
  readonly onEntry: OnEntry;
  readonly onPage: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  id: number;
  /** Messages of the page in hand. */
  messages: number;
  emptyPages: number;
}

/**
 * Searches on a connection that is bound, one after the other. Entries go to their receiver as they arrive; the next page is asked
 * for as soon as its cookie is in, before the last entries of the page are worked on.
 *
 * A search resolves only on `success` with nothing missing; whatever else happens rejects it, and the session is of no use
 * afterwards.
 */
export class Session {
  readonly server: Server;
  requests = 0;
  entries = 0;
  bytes = 0;
  references = 0;

  readonly #socket: Socket;
  readonly #timeout: number;
  readonly #stream = new MessageStream((bytes, starts, count) => this.#receive(bytes, starts, count));
  readonly #message = new MessageHeader();
  #search: Search | undefined;
  #timer: NodeJS.Timeout | undefined;
  #nextId = FIRST_MESSAGE_ID;
  #failure: unknown;

  /** @param timeout milliseconds for each answer; 0 for none */
  constructor(socket: Socket, server: Server, timeout: number) {
    this.server = server;
    this.#socket = socket;
    this.#timeout = timeout;
    socket.on('data', (chunk: Buffer) => this.#push(chunk));
    socket.on('error', (error) =>
      this.#fail(this.#error('closed', `the connection broke: ${error.message}`)),
    );
    socket.on('end', () => this.#fail(this.#ended()));
    socket.on('close', () => this.#fail(this.#ended()));
  }

  /**
   * Searches, in pages where the parameters say so.
   *
   * @param onPage called after the entries of each page
   * @throws DirectoryError, and whatever the receiver throws
   */
  search(parameters: SearchParameters, onEntry: OnEntry, onPage: () => void = () => {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#search = { parameters, onEntry, onPage, resolve, reject, id: 0, messages: 0, emptyPages: 0 };
      this.#timer =
        this.#timeout > 0
          ? setTimeout(
              () => this.#fail(this.#error('timeout', `no answer within ${this.#timeout} ms`)),
              this.#timeout,
            )
          : undefined;
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
    if (!this.#socket.destroyed) this.#socket.end(new UnbindRequest({ messageId: this.#nextId }).write());
    this.#socket.destroySoon();
  }

  #request(search: Search, cookie: Buffer | undefined): void {
    search.id = this.#nextId++;
    search.messages = 0;
    this.requests++;
    this.#timer?.refresh();
    this.#socket.write(encodeSearch(search.id, search.parameters, cookie));
  }

  #push(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.#failure !== undefined) return;
    try {
      this.#stream.push(chunk);
    } catch (error) {
      if (!(error instanceof MalformedError)) this.#fail(error);
      else this.#fail(this.#error('protocol', `the answer is damaged (${error.message})`, error));
    }
  }

  #receive(bytes: Uint8Array, starts: Int32Array, count: number): void {
    const search = this.#search;
    if (search === undefined) throw this.#unasked(bytes, starts);
    const { id } = search;
    search.messages += count;
    // The end of a page is dealt with first: the server gathers the next page while this one's entries are worked on.
    const message = this.#message;
    message.read(bytes, starts[count - 1], starts[count]);
    const isPageEnd = message.tag === SEARCH_RESULT_DONE && message.id === id;
    const isLastPage = isPageEnd && this.#endPage(search);
    const entries = isPageEnd ? count - 1 : count;
    for (let i = 0; i < entries; i++) {
      message.read(bytes, starts[i], starts[i + 1]);
      this.#receiveMessage(message, search, id);
    }
    if (isPageEnd) search.onPage();
    if (isLastPage && this.#failure === undefined) {
      clearTimeout(this.#timer);
      this.#search = undefined;
      search.resolve();
    }
  }

  #receiveMessage(message: MessageHeader, search: Search, id: number): void {
    if (message.id === 0) throw this.#notified(message);
    if (message.id !== id) throw new MalformedError('it answers a request that was not made');
    switch (message.tag) {
      case SEARCH_RESULT_ENTRY:
        this.entries++;
        search.onEntry(message.bytes, message.start, message.end);
        return;
      case SEARCH_RESULT_REFERENCE:
        this.references++;
        return;
      case INTERMEDIATE_RESPONSE:
        return;
      default:
        throw new MalformedError(`tag 0x${message.tag.toString(16)} answers no search`);
    }
  }

  /** Makes what `#message` says of the page's end come true, and returns whether the search is finished. */
  #endPage(search: Search): boolean {
    const { parameters } = search;
    const result = decodeSearchResult(this.#message.operation(), this.#message.afterOperation());
    if (result.code !== 0 && parameters.tolerated?.includes(result.code) !== true) {
      throw resultError(this.server, 'a search', result.code, result.diagnostic);
    }
    if (parameters.pageSize === undefined) return true;
    if (result.cookie === undefined) {
      throw this.#error(
        'protocol',
        'a page came without the paged results control: nothing tells whether it is the last',
      );
    }
    if (result.cookie.length === 0) return true;
    search.emptyPages = search.messages > 1 ? 0 : search.emptyPages + 1;
    if (search.emptyPages > MAX_EMPTY_PAGES) {
      throw this.#error('protocol', `${MAX_EMPTY_PAGES} pages in a row were empty and promised more`);
    }
    this.#request(search, result.cookie);
    return false;
  }

  /** What a server says while nothing is asked of it. */
  #unasked(bytes: Uint8Array, starts: Int32Array): Error {
    this.#message.read(bytes, starts[0], starts[1]);
    if (this.#message.id === 0) return this.#notified(this.#message);
    return new MalformedError('it answers a request that was not made');
  }

  /** A notice of disconnection (RFC 4511, 4.4.1), the only unsolicited notification there is. */
  #notified(message: MessageHeader): Error {
    if (message.tag !== EXTENDED_RESPONSE) return new MalformedError('a notification of unknown form');
    const { code, diagnostic } = decodeNotification(message.operation());
    const error = resultError(this.server, 'the connection', code, diagnostic);
    if (error.result?.name === 'strongerAuthRequired') return error;
    return new DirectoryError(
      this.server,
      'closed',
      `the server disconnected: ${resultName(code)} (${code}) ${diagnostic}`.trim(),
      { code, diagnostic },
    );
  }

  #ended(): DirectoryError {
    const where = this.#stream.isInsideMessage ? ' in the middle of an answer' : '';
    return this.#error('closed', `the server closed the connection${where}`);
  }

  #error(fault: DirectoryError['fault'], message: string, cause?: unknown): DirectoryError {
    return new DirectoryError(this.server, fault, message, { cause });
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    const search = this.#search;
    this.#search = undefined;
    search?.reject(error);
  }
}
