import type { Socket } from 'node:net';

/** In milliseconds. */
const REST = 1;
/** Bytes that came at once: after more of them the server may be waiting for somebody to read. */
const MUCH = 32 * 1024;

/**
 * Many servers send every entry by itself. To read each by itself wakes us up as often, and costs the server half of what the entry
 * costs it otherwise: what comes while nobody reads is read at once afterwards.
 */
export class Rest {
  readonly #socket: Socket;
  readonly #mayRest: () => boolean;
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param mayRest whether nobody waits for what comes next */
  constructor(socket: Socket, mayRest: () => boolean) {
    this.#socket = socket;
    this.#mayRest = mayRest;
  }

  /** So many bytes have been read. */
  schedule(bytes: number): void {
    if (bytes > MUCH || this.#isScheduled || !this.#mayRest()) return;
    this.#isScheduled = true;
    // Behind what else this turn brings: with TLS each record comes as a chunk of its own.
    setImmediate(() => this.#begin());
  }

  /** Nothing is to be read any more. */
  cancel(): void {
    clearTimeout(this.#timer);
  }

  #begin(): void {
    if (!this.#mayRest()) {
      this.#isScheduled = false;
      return;
    }
    this.#socket.pause();
    this.#timer = setTimeout(() => {
      this.#isScheduled = false;
      this.#socket.resume();
    }, REST);
  }
}
