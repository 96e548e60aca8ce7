import { copyLoosely, viewOf } from '../bytes.ts';
import type { OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import type { Bucket } from './bucket.ts';
import { itemSize } from './geometry.ts';
import {
  ITEM_DATA,
  ITEM_OFF_PAGE,
  isOffPage,
  NOT_LOGGED,
  OFF_PAGE_SIZE,
  PAGE,
  PAGE_HASH,
  PAGE_HEADER,
  PAGE_OVERFLOW,
} from './layout.ts';

/**
 * Writes buckets one after the other: each bucket's first page to one stream, what does not fit on it, its further
 * pages and the pages of long items, to another. Page numbers of the second stream are given out in the order of
 * buckets, pages and items, so they depend on nothing but the entries.
 */
export class PageWriter {
  readonly #pool: Uint8Array;
  readonly #poolView: DataView;
  readonly #nul: number;
  readonly #pageSize: number;
  readonly #buckets: OutputStream;
  readonly #overflow: OutputStream;
  #nextPage: number;

  constructor(
    pairs: Pairs,
    terminated: boolean,
    pageSize: number,
    buckets: OutputStream,
    overflow: OutputStream,
    firstOverflowPage: number,
  ) {
    this.#pool = pairs.pool;
    this.#poolView = viewOf(pairs.pool);
    this.#nul = terminated ? 1 : 0;
    this.#pageSize = pageSize;
    this.#buckets = buckets;
    this.#overflow = overflow;
    this.#nextPage = firstOverflowPage;
  }

  get pageCount(): number {
    return this.#nextPage;
  }

  /** Writes the bucket whose first page is `page`. */
  write(bucket: Bucket, page: number): void {
    const capacity = this.#pageSize - PAGE_HEADER;
    let stream = this.#buckets;
    let previous = 0;
    let from = 0;
    do {
      let used = 0;
      let itemPages = 0;
      let to = from;
      for (; to < bucket.count; to++) {
        const at = bucket.at(to);
        const key = bucket.places[at + 1] - bucket.places[at] + this.#nul;
        const value = bucket.places[at + 3] - bucket.places[at + 2] + this.#nul;
        const size = itemSize(key, this.#pageSize) + itemSize(value, this.#pageSize);
        if (used + size > capacity) break;
        used += size;
        itemPages += this.#itemPages(key) + this.#itemPages(value);
      }
      const firstItemPage = this.#nextPage;
      this.#nextPage += itemPages;
      const next = to < bucket.count ? this.#nextPage++ : 0;
      this.#writePage(stream, bucket, from, to, {
        page,
        previous,
        next,
        used,
        itemPagesEnd: firstItemPage + itemPages,
      });
      if (itemPages > 0) this.#writeLongItems(bucket, from, to, firstItemPage);
      previous = page;
      page = next;
      from = to;
      stream = this.#overflow;
    } while (page !== 0);
  }

  #itemPages(length: number): number {
    return isOffPage(length, this.#pageSize) ? Math.ceil(length / (this.#pageSize - PAGE_HEADER)) : 0;
  }

  /** Fills the page from its end's lowest item upwards, so that a copy may write beyond its end. */
  #writePage(
    stream: OutputStream,
    bucket: Bucket,
    from: number,
    to: number,
    place: { page: number; previous: number; next: number; used: number; itemPagesEnd: number },
  ): void {
    const start = stream.take(this.#pageSize);
    const { bytes, view } = stream.piece;
    const indexes = 4 * (to - from);
    let at = start + this.#pageSize - (place.used - indexes);
    bytes.fill(0, start, at);
    writeHeader(view, start, place, 2 * (to - from), at - start, PAGE_HASH);

    let index = start + PAGE_HEADER + indexes;
    let itemPage = place.itemPagesEnd;
    for (let i = to - 1; i >= from; i--) {
      for (let part = 2; part >= 0; part -= 2) {
        const itemStart = bucket.places[bucket.at(i) + part];
        const itemEnd = bucket.places[bucket.at(i) + part + 1];
        const length = itemEnd - itemStart + this.#nul;
        index -= 2;
        view.setUint16(index, at - start, true);
        if (isOffPage(length, this.#pageSize)) {
          itemPage -= this.#itemPages(length);
          view.setUint32(at, ITEM_OFF_PAGE, true);
          view.setUint32(at + 4, itemPage, true);
          view.setUint32(at + 8, length, true);
          at += OFF_PAGE_SIZE;
        } else {
          bytes[at++] = ITEM_DATA;
          at = copyLoosely(this.#pool, this.#poolView, itemStart, itemEnd, bytes, view, at);
          if (this.#nul === 1) bytes[at++] = 0;
        }
      }
    }
  }

  #writeLongItems(bucket: Bucket, from: number, to: number, page: number): void {
    for (let i = from; i < to; i++) {
      const at = bucket.at(i);
      page = this.#writeLongItem(bucket.places[at], bucket.places[at + 1], page);
      page = this.#writeLongItem(bucket.places[at + 2], bucket.places[at + 3], page);
    }
  }

  #writeLongItem(from: number, to: number, first: number): number {
    const length = to - from + this.#nul;
    const pages = this.#itemPages(length);
    const capacity = this.#pageSize - PAGE_HEADER;
    for (let i = 0; i < pages; i++) {
      const page = first + i;
      const here = Math.min(capacity, length - i * capacity);
      const start = this.#overflow.take(this.#pageSize);
      const { bytes, view } = this.#overflow.piece;
      bytes.fill(0, start, start + this.#pageSize);
      const place = { page, previous: i === 0 ? 0 : page - 1, next: i === pages - 1 ? 0 : page + 1 };
      writeHeader(view, start, place, 1, here, PAGE_OVERFLOW);
      const source = from + i * capacity;
      bytes.set(this.#pool.subarray(source, Math.min(source + here, to)), start + PAGE_HEADER);
    }
    return first + pages;
  }
}

/** `items` and `low` mean reference count and length on an overflow page. */
function writeHeader(
  view: DataView,
  at: number,
  place: { page: number; previous: number; next: number },
  items: number,
  low: number,
  type: number,
): void {
  view.setUint32(at + PAGE.lsn, NOT_LOGGED, true);
  view.setUint32(at + PAGE.page, place.page, true);
  view.setUint32(at + PAGE.previous, place.previous, true);
  view.setUint32(at + PAGE.next, place.next, true);
  view.setUint16(at + PAGE.items, items, true);
  view.setUint16(at + PAGE.low, low, true);
  view.setUint8(at + PAGE.type, type);
}
