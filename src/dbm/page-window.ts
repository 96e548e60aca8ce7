/** A file of pages of one size. */
export interface Pages {
  readonly pageSize: number;
  /** Whole pages in the file. */
  readonly wholePages: number;
  /** Fills `bytes` from `position` on. @throws DbmError when the file ends before */
  read(bytes: Uint8Array, position: number): void;
}

const WINDOW_SIZE = 1 << 20;
/** Pages that may be jumped over without the next ones being read singly. */
const SMALL_GAP = 32;

/**
 * The pages read last. Reads a single page where pages are asked for here and there, and far ahead as soon as they are
 * asked for nearly one after the other.
 */
export class PageWindow {
  bytes: Uint8Array;
  view: DataView;
  readonly #pages: Pages;
  #first = 0;
  #count = 0;

  constructor(pages: Pages) {
    this.#pages = pages;
    this.bytes = new Uint8Array(pages.pageSize);
    this.view = new DataView(this.bytes.buffer);
  }

  /**
   * Makes the page with this place in the file, which must be there, readable. Returns its place in `bytes`, valid until
   * the next call.
   */
  load(page: number): number {
    const { pageSize, wholePages } = this.#pages;
    const next = this.#first + this.#count;
    if (page >= this.#first && page < next) return (page - this.#first) * pageSize;
    const ahead = page >= next && page < next + SMALL_GAP;
    if (ahead && this.bytes.length < WINDOW_SIZE) {
      this.bytes = new Uint8Array(WINDOW_SIZE);
      this.view = new DataView(this.bytes.buffer);
    }
    const pages = ahead ? Math.min(this.bytes.length / pageSize, wholePages - page) : 1;
    this.#count = 0;
    this.#pages.read(this.bytes.subarray(0, pages * pageSize), page * pageSize);
    this.#first = page;
    this.#count = pages;
    return 0;
  }
}
