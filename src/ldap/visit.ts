import type { ServerCertificate } from './types.ts';

/** One attempt on one server: what it costs and shows, whatever becomes of it. */
export class Visit {
  readonly url: string;
  /** Messages sent: StartTLS, the bind, each page of a search. */
  requests = 0;
  /** Search entries received, of every kind. */
  entries = 0;
  /** Received in answers to searches, without TLS. */
  bytes = 0;
  /** Entries in a page at the most, where the server refused larger ones. */
  pageLimit: number | undefined;
  /** Time in which the server was left alone on purpose. */
  pausedMilliseconds = 0;
  /** The server's own first, then those that vouch for it. */
  certificates: readonly ServerCertificate[] = [];
  /** When the password of the bind ends, where the server says so with its answer. */
  passwordExpires: Date | undefined;
  /** A password went out and nothing came back: it may have been counted as a wrong one. */
  isBindUnanswered = false;
  /** Until the server was connected to and bound to; the whole visit when it never was. */
  get connectMilliseconds(): number {
    return (this.#connected ?? this.#ended ?? performance.now()) - this.#started;
  }
  readonly #started = performance.now();
  #connected: number | undefined;
  #ended: number | undefined;

  constructor(url: string) {
    this.url = url;
  }

  get milliseconds(): number {
    return (this.#ended ?? performance.now()) - this.#started;
  }

  connected(): void {
    this.#connected = performance.now();
  }

  end(): void {
    this.#ended ??= performance.now();
  }
}
