import { viewOf } from '../bytes.ts';
import type { LinearMemory } from '../linear-memory.ts';
import type { OutputStream } from '../output.ts';
import { PLACE, PLACE_BYTES } from '../table-groups.ts';
import { isOffPage, NOT_LOGGED, PAGE, PAGE_HEADER, PAGE_OVERFLOW } from './layout.ts';
import type { Loops } from './loops.ts';
import type { TableBuckets } from './table-buckets.ts';

/** A page that does not read as it should, before it went to the disk: a fault of this program, or of the machine. */
export class WrongPageError extends Error {
  override readonly name = 'WrongPageError';

  constructor(page: number) {
    super(`page ${page} was not made as it should be`);
  }
}

/**
 * Writes buckets that need more than a page: each one's first page where it belongs, its further pages and the pages of long
 * items to a stream of their own. Page numbers of these are given out in the order of buckets, pages and items, so they depend
 * on nothing but the entries.
 */
export class PageWriter {
  readonly #memory: LinearMemory;
  readonly #loops: Loops;
  readonly #nul: number;
  readonly #pageSize: number;
  readonly #overflow: OutputStream;
  #nextPage: number;

  constructor(
    { memory, loops }: TableBuckets,
    terminated: boolean,
    pageSize: number,
    overflow: OutputStream,
    firstOverflowPage: number,
  ) {
    this.#memory = memory;
    this.#loops = loops;
    this.#nul = terminated ? 1 : 0;
    this.#pageSize = pageSize;
    this.#overflow = overflow;
    this.#nextPage = firstOverflowPage;
  }

  get pageCount(): number {
    return this.#nextPage;
  }

  /**
   * Writes the bucket whose first page is `page`, which goes to `first`: its `count` entries have their places at `address`, in
   * their order.
   *
   * @returns whether it has long items, which were not read back
   */
  write(address: number, count: number, page: number, first: OutputStream): boolean {
    const loops = this.#loops;
    const places = this.#memory.numbers(address, PLACE * count);
    let stream = first;
    let previous = 0;
    let from = 0;
    let hasLongItems = false;
    do {
      const rest = address + PLACE_BYTES * from;
      const to = from + loops.countFitting(rest, count - from, this.#pageSize, this.#nul);
      const itemPages = loops.fittingItemPages();
      const firstItemPage = this.#nextPage;
      this.#nextPage += itemPages;
      const next = to < count ? this.#nextPage++ : 0;
      const out = stream.take(this.#pageSize) + stream.piece.bytes.byteOffset;
      const entries = [rest, to - from, this.#pageSize, this.#nul] as const;
      const used = loops.fittingBytes();
      loops.writePage(out, ...entries, page, previous, next, used, firstItemPage + itemPages);
      if (itemPages > 0) hasLongItems = true;
      else if (!loops.checkPage(out, ...entries, page, previous, next)) throw new WrongPageError(page);
      if (itemPages > 0) this.#writeLongItems(places.subarray(PLACE * from, PLACE * to), firstItemPage);
      previous = page;
      page = next;
      from = to;
      stream = this.#overflow;
    } while (page !== 0);
    return hasLongItems;
  }

  #itemPages(length: number): number {
    return isOffPage(length, this.#pageSize) ? Math.ceil(length / (this.#pageSize - PAGE_HEADER)) : 0;
  }

  #writeLongItems(places: Uint32Array, page: number): void {
    for (let at = 0; at < places.length; at += PLACE) {
      for (const from of [at, at + 2])
        page = this.#writeLongItem(this.#memory.bytes(places[from], places[from + 1] - places[from]), page);
    }
  }

  #writeLongItem(item: Uint8Array, first: number): number {
    const length = item.length + this.#nul;
    const pages = this.#itemPages(length);
    const capacity = this.#pageSize - PAGE_HEADER;
    for (let i = 0; i < pages; i++) {
      const page = first + i;
      const here = Math.min(capacity, length - i * capacity);
      const start = this.#overflow.take(this.#pageSize);
      const bytes = this.#overflow.piece.bytes.subarray(start, start + this.#pageSize);
      bytes.fill(0);
      const previous = i === 0 ? 0 : page - 1;
      const next = i === pages - 1 ? 0 : page + 1;
      writeHeader(viewOf(bytes), page, previous, next, here);
      bytes.set(item.subarray(i * capacity, i * capacity + here), PAGE_HEADER);
    }
    return first + pages;
  }
}

/** An overflow page has one reference; its part's length stands where other pages have their lowest item. */
function writeHeader(view: DataView, page: number, previous: number, next: number, length: number): void {
  view.setUint32(PAGE.lsn, NOT_LOGGED, true);
  view.setUint32(PAGE.page, page, true);
  view.setUint32(PAGE.previous, previous, true);
  view.setUint32(PAGE.next, next, true);
  view.setUint16(PAGE.items, 1, true);
  view.setUint16(PAGE.low, length, true);
  view.setUint8(PAGE.type, PAGE_OVERFLOW);
}
