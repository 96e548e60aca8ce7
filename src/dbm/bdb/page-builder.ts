import { viewOf } from '../bytes.ts';
import type { Pairs } from '../pairs.ts';
import { ITEM_DATA, NOT_LOGGED, PAGE, PAGE_HASH, PAGE_HEADER } from './layout.ts';

/** Fills a bucket's page with entries, none of them long, each with a NUL behind its key and its value. */
export class PageBuilder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #index = PAGE_HEADER;
  #low: number;

  /** @param bytes of the page, zeroed */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#low = bytes.length;
  }

  add({ pool, keyStart, keyEnd, valueStart, valueEnd }: Pairs, entry: number): void {
    this.#addItem(pool, keyStart[entry], keyEnd[entry]);
    this.#addItem(pool, valueStart[entry], valueEnd[entry]);
  }

  /** Adds the items `[from, to)` of another page, which follow one another there and end at `end`. */
  addItems(page: Uint8Array, view: DataView, from: number, to: number, end: number): void {
    if (from === to) return;
    const start = view.getUint16(PAGE_HEADER + 2 * (to - 1), true);
    const moved = this.#low - end;
    this.#low -= end - start;
    this.#bytes.set(page.subarray(start, end), this.#low);
    for (let at = PAGE_HEADER + 2 * from, stop = PAGE_HEADER + 2 * to; at < stop; at += 2) {
      this.#view.setUint16(this.#index, view.getUint16(at, true) + moved, true);
      this.#index += 2;
    }
  }

  finish({ page, previous, next }: { page: number; previous: number; next: number }): void {
    const view = this.#view;
    view.setUint32(PAGE.lsn, NOT_LOGGED, true);
    view.setUint32(PAGE.page, page, true);
    view.setUint32(PAGE.previous, previous, true);
    view.setUint32(PAGE.next, next, true);
    view.setUint16(PAGE.items, (this.#index - PAGE_HEADER) / 2, true);
    view.setUint16(PAGE.low, this.#low, true);
    this.#bytes[PAGE.type] = PAGE_HASH;
  }

  #addItem(pool: Uint8Array, start: number, end: number): void {
    this.#low -= 1 + end - start + 1;
    this.#bytes[this.#low] = ITEM_DATA;
    this.#bytes.set(pool.subarray(start, end), this.#low + 1);
    this.#view.setUint16(this.#index, this.#low, true);
    this.#index += 2;
  }
}

/**
 * Whether a page has an entry with that key, and that value where there is one. It is looked for, and not walked to, which is
 * faster.
 */
export function hasEntry(page: Uint8Array, key: Uint8Array, value?: Uint8Array): boolean {
  const view = viewOf(page);
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.length);
  const wanted = Buffer.concat([...(value === undefined ? [] : [DATA, value, NUL]), DATA, key, NUL]);
  const stop = PAGE_HEADER + 2 * view.getUint16(PAGE.items, true);
  // Values lie below their keys, and have odd numbers.
  const first = PAGE_HEADER + (value === undefined ? 0 : 2);
  for (let found = bytes.indexOf(wanted, stop); found >= 0; found = bytes.indexOf(wanted, found + 1)) {
    for (let index = first; index < stop; index += 4) if (view.getUint16(index, true) === found) return true;
  }
  return false;
}

const DATA = Uint8Array.of(ITEM_DATA);
const NUL = new Uint8Array(1);
