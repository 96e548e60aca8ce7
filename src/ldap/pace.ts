/** Pages that take less than this are quick enough for any server, in milliseconds. */
const UNREMARKABLE = 1000;
/** How many times as long as the best page an answer may take before it is followed by a pause. */
const TOLERANCE = 2;
const LONGEST_PAUSE = 30_000;
/** Pages are cut to what the rate allows in this many seconds: a server forgets a search that rests too long. */
const LONGEST_PAGE = 10;

/**
 * How fast one server is asked. A limit in entries per second holds on average, from page to page. And a page that takes more than
 * a second, and more than twice the time an entry that the best one took, is followed by a pause as long as what it took too long:
 * the more the server suffers, the more it is left alone.
 */
export class Pace {
  readonly #rate: number | undefined;
  /** When the entries so far are within the rate. */
  #paidUp = 0;
  #best = Number.POSITIVE_INFINITY;
  #restsUntil = 0;

  /** @param maxEntriesPerSecond undefined for no limit */
  constructor(maxEntriesPerSecond: number | undefined) {
    this.#rate = maxEntriesPerSecond;
  }

  /** @param asked entries that a page is to have */
  pageSize(asked: number): number {
    return this.#rate === undefined
      ? asked
      : Math.max(1, Math.min(asked, Math.floor(this.#rate * LONGEST_PAGE)));
  }

  /**
   * An answer is complete.
   *
   * @param milliseconds since it was asked for
   * @param now on the clock of `delay`
   */
  answered(entries: number, milliseconds: number, now: number): void {
    if (this.#rate !== undefined) {
      this.#paidUp = Math.max(this.#paidUp, now - milliseconds) + (entries / this.#rate) * 1000;
    }
    const each = milliseconds / Math.max(entries, 1);
    const usual = this.#best * Math.max(entries, 1) * TOLERANCE;
    if (milliseconds > Math.max(UNREMARKABLE, usual)) {
      this.#restsUntil = now + Math.min(milliseconds - usual, LONGEST_PAUSE);
    }
    if (entries > 0) this.#best = Math.min(this.#best, each);
  }

  /** Milliseconds to wait before the next request. */
  delay(now: number): number {
    return Math.max(this.#restsUntil - now, this.#paidUp - now, 0);
  }
}
