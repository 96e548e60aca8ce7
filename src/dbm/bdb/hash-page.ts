import {
  ITEM_DATA,
  ITEM_DUPLICATES,
  ITEM_OFF_PAGE,
  ITEM_OFF_PAGE_DUPLICATES,
  OFF_PAGE_SIZE,
  PAGE,
  PAGE_HASH,
  PAGE_HASH_UNSORTED,
  PAGE_HEADER,
  PAGE_INVALID,
} from './layout.ts';
import type { PageFile, PageWindow } from './page-file.ts';

/**
 * A page of a bucket, checked as far as reading it safely needs. Item `i` is `bytes[start[i], end[i])` without its type
 * byte; keys have even numbers, each followed by its value. Where `offPage[i]` is not 0, the item lies on overflow pages
 * from that one on, and `end[i] - start[i]` means nothing. Valid until the next `load`.
 */
export class HashPage {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  page = 0;
  type = PAGE_INVALID;
  previous = 0;
  next = 0;
  items = 0;
  /** The lowest byte in use, as the header has it, and as the items have it. */
  low = 0;
  lowest = 0;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  readonly offPage: Uint32Array;
  /** The whole length of an item on overflow pages. */
  readonly total: Uint32Array;
  readonly #file: PageFile;
  /** Apart, so that neither bucket after bucket nor their further pages jump about in the file. */
  readonly #firstPages: PageWindow;
  readonly #furtherPages: PageWindow;

  constructor(file: PageFile) {
    this.#file = file;
    this.#firstPages = file.window();
    this.#furtherPages = file.window();
    const mostItems = Math.floor((file.pageSize - PAGE_HEADER) / 3);
    this.start = new Uint32Array(mostItems);
    this.end = new Uint32Array(mostItems);
    this.offPage = new Uint32Array(mostItems);
    this.total = new Uint32Array(mostItems);
  }

  /**
   * Loads a bucket's page that follows page `previous`, 0 for its first one. A page of zeros is an empty bucket that
   * nothing was ever put in.
   *
   * @throws DbmError when the page is none of a hash table's, or its links or items cannot be right
   */
  load(page: number, previous: number): void {
    if (page === 0 || page >= this.#file.pageCount)
      throw this.#file.fault(previous, `leads to page ${page}`, PAGE.next);
    const window = previous === 0 ? this.#firstPages : this.#furtherPages;
    this.read(window, window.load(page), page);
    if (this.previous !== previous) {
      throw this.#file.fault(page, `follows page ${this.previous}, not ${previous}`, PAGE.previous);
    }
  }

  /** Reads the page at `base` of `window`. @throws DbmError as `load`, links apart */
  read({ bytes, view }: PageWindow, base: number, page: number): void {
    const little = !this.#file.meta.bigEndian;
    this.bytes = bytes;
    this.view = view;
    this.page = page;
    this.type = bytes[base + PAGE.type];
    this.previous = view.getUint32(base + PAGE.previous, little);
    this.next = view.getUint32(base + PAGE.next, little);
    this.items = view.getUint16(base + PAGE.items, little);
    this.low = view.getUint16(base + PAGE.low, little);
    this.lowest = this.#file.pageSize;
    const ownNumber = view.getUint32(base + PAGE.page, little);
    if (this.type === PAGE_INVALID && ownNumber === 0 && this.items === 0 && this.next === 0) return;
    if (this.type !== PAGE_HASH && this.type !== PAGE_HASH_UNSORTED) {
      throw this.#file.fault(page, `page type ${this.type}, not a bucket's`, PAGE.type);
    }
    if (ownNumber !== page) throw this.#file.fault(page, `calls itself page ${ownNumber}`, PAGE.page);
    if (this.items % 2 !== 0 || this.items > this.start.length) {
      throw this.#file.fault(page, `${this.items} items`, PAGE.items);
    }
    this.#readItems(view, base, little);
  }

  #readItems(view: DataView, base: number, little: boolean): void {
    const lowest = PAGE_HEADER + 2 * this.items;
    let end = this.#file.pageSize;
    for (let i = 0, index = base + PAGE_HEADER; i < this.items; i++, index += 2) {
      const at = view.getUint16(index, little);
      if (at >= end || at < lowest)
        throw this.#file.fault(this.page, `item ${i} lies out of order`, index - base);
      this.start[i] = base + at + 1;
      this.end[i] = base + end;
      this.offPage[i] = 0;
      if (this.bytes[base + at] !== ITEM_DATA) this.#readSpecial(view, base, i, at, end, little);
      end = at;
    }
    this.lowest = end;
  }

  #readSpecial(view: DataView, base: number, i: number, at: number, end: number, little: boolean): void {
    const type = this.bytes[base + at];
    if (type === ITEM_DUPLICATES || type === ITEM_OFF_PAGE_DUPLICATES) {
      throw this.#file.fault(this.page, `item ${i} holds several values for one key; a table can't`, at);
    }
    if (type !== ITEM_OFF_PAGE)
      throw this.#file.fault(this.page, `item ${i} has the unknown type ${type}`, at);
    if (end - at !== OFF_PAGE_SIZE) throw this.#file.fault(this.page, `item ${i} has a wrong size`, at);
    this.offPage[i] = view.getUint32(base + at + 4, little);
    this.total[i] = view.getUint32(base + at + 8, little);
    if (this.offPage[i] === 0) throw this.#file.fault(this.page, `item ${i} leads to page 0`, at);
  }
}
