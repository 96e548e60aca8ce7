import { hashKey } from './hash.ts';
import { HashPage } from './hash-page.ts';
import { compareKeys } from './key-order.ts';
import {
  log2Ceil,
  META,
  PAGE,
  PAGE_HASH,
  PAGE_HASH_UNSORTED,
  PAGE_HEADER,
  PAGE_INVALID,
  PAGE_OVERFLOW,
  SPARES,
} from './layout.ts';
import { LongItems } from './long-items.ts';
import { bucketOf, bucketPage } from './meta.ts';
import type { PageFile, PageWindow } from './page-file.ts';

/** No bucket, for a page without keys on it. */
const NONE = 0xffffffff;
/** libdb takes a larger count of keys for a sign of damage. */
const MOST_ELEMENTS = 0x80000000;

/**
 * `DbmFile.verify`. First every page by itself, in the file's order; then, from what was noted of each, the buckets'
 * chains, the items on overflow pages, the free list, and that no page is left over or used twice.
 */
export function verify(file: PageFile): void {
  new Verification(file).run();
}

class Verification {
  readonly #file: PageFile;
  readonly #page: HashPage;
  readonly #longItems: LongItems;
  /** Of each page: its type, links, whether something led to it, and whether it is nothing but zeros. */
  readonly #type: Uint8Array;
  readonly #previous: Uint32Array;
  readonly #next: Uint32Array;
  readonly #used: Uint8Array;
  readonly #zero: Uint8Array;
  /** Whether an item begins there. */
  readonly #referenced: Uint8Array;
  /** The bytes on an overflow page, the items on a bucket's. */
  readonly #content: Uint16Array;
  /** The bucket that a page's keys belong to. */
  readonly #bucket: Uint32Array;
  readonly #longRefs: { owner: number; first: number; total: number; isKey: boolean }[] = [];

  constructor(file: PageFile) {
    this.#file = file;
    this.#page = new HashPage(file);
    this.#longItems = new LongItems(file);
    const pages = file.pageCount;
    this.#type = new Uint8Array(pages);
    this.#previous = new Uint32Array(pages);
    this.#next = new Uint32Array(pages);
    this.#used = new Uint8Array(pages);
    this.#zero = new Uint8Array(pages);
    this.#referenced = new Uint8Array(pages);
    this.#content = new Uint16Array(pages);
    this.#bucket = new Uint32Array(pages).fill(NONE);
  }

  run(): void {
    const { meta, pageCount, pageSize, size } = this.#file;
    if (size !== pageCount * pageSize) {
      throw this.#file.fault(
        0,
        `the last page is ${meta.lastPage}, but the file has ${size} bytes`,
        META.lastPage,
      );
    }
    if (meta.elements > MOST_ELEMENTS) throw this.#file.fault(0, `${meta.elements} keys`, META.elements);
    this.#checkPages();
    this.#used[0] = 1;
    for (let bucket = 0; bucket <= meta.maxBucket; bucket++) this.#checkBucket(bucket);
    this.#checkUnusedBuckets();
    for (const { owner, first, total, isKey } of this.#longRefs) {
      this.#checkLongItem(owner, first, total);
      if (isKey) {
        const key = this.#longItems.read(first, total);
        this.#checkBucketOf(owner, hashKey(key, 0, key.length, false));
      }
    }
    this.#checkFreeList();
    this.#checkLeftOvers();
  }

  #checkPages(): void {
    const window = this.#file.window();
    for (let page = 1; page < this.#file.pageCount; page++) {
      const base = window.load(page);
      if (this.#isZero(window, base)) {
        this.#zero[page] = 1;
        continue;
      }
      this.#checkHeader(window, base, page);
      const type = this.#type[page];
      if (type === PAGE_HASH || type === PAGE_HASH_UNSORTED) this.#checkHashPage(window, base, page);
      else if (type === PAGE_OVERFLOW) this.#checkOverflowPage(window, base, page);
      else if (type !== PAGE_INVALID) throw this.#file.fault(page, `page type ${type}`, PAGE.type);
    }
  }

  #isZero({ bytes, view }: PageWindow, base: number): boolean {
    if (view.getUint32(base + PAGE.page) !== 0) return false;
    return bytes.subarray(base, base + this.#file.pageSize).every((byte) => byte === 0);
  }

  #checkHeader({ bytes, view }: PageWindow, base: number, page: number): void {
    const little = !this.#file.meta.bigEndian;
    const ownNumber = view.getUint32(base + PAGE.page, little);
    if (ownNumber !== page) throw this.#file.fault(page, `calls itself page ${ownNumber}`, PAGE.page);
    this.#type[page] = bytes[base + PAGE.type];
    this.#previous[page] = this.#link(view, base, page, PAGE.previous);
    this.#next[page] = this.#link(view, base, page, PAGE.next);
    if (this.#type[page] !== PAGE_INVALID && bytes[base + PAGE.level] !== 0) {
      throw this.#file.fault(page, 'has a level, as pages of a tree do', PAGE.level);
    }
  }

  #link(view: DataView, base: number, page: number, offset: number): number {
    const link = view.getUint32(base + offset, !this.#file.meta.bigEndian);
    if (link >= this.#file.pageCount || link === page)
      throw this.#file.fault(page, `leads to page ${link}`, offset);
    return link;
  }

  /** The order of keys on overflow pages is left alone: libdb's own comparisons contradict each other there. */
  #checkHashPage(window: PageWindow, base: number, number: number): void {
    const page = this.#page;
    page.read(window, base, number);
    const { bytes, start, end } = page;
    this.#content[number] = page.items;
    // The largest page size does not fit into the field.
    if (page.low !== page.lowest % 65536) throw this.#file.fault(number, `free up to ${page.low}`, PAGE.low);
    let last = -1;
    for (let i = 0; i < page.items; i += 2) {
      this.#noteLongItem(number, i, true);
      this.#noteLongItem(number, i + 1, false);
      if (page.offPage[i] !== 0) continue;
      this.#checkBucketOf(number, hashKey(bytes, start[i], end[i], false));
      const inOrder =
        last < 0 || compareKeys(bytes, start[last], end[last], bytes, start[i], end[i], false) < 0;
      if (!inOrder && page.type === PAGE_HASH) {
        throw this.#file.fault(number, `item ${i} is out of order`, start[i] - base);
      }
      last = i;
    }
  }

  #noteLongItem(owner: number, i: number, isKey: boolean): void {
    const first = this.#page.offPage[i];
    if (first === 0) return;
    if (first >= this.#file.pageCount) throw this.#file.fault(owner, `item ${i} leads to page ${first}`);
    if (this.#referenced[first] !== 0) throw this.#file.fault(first, 'is used twice');
    this.#referenced[first] = 1;
    this.#longRefs.push({ owner, first, total: this.#page.total[i], isKey });
  }

  #checkBucketOf(page: number, hash: number): void {
    const bucket = bucketOf(this.#file.meta, hash);
    if (this.#bucket[page] === NONE) this.#bucket[page] = bucket;
    if (this.#bucket[page] !== bucket) {
      throw this.#file.fault(page, `holds keys of the buckets ${this.#bucket[page]} and ${bucket}`);
    }
  }

  #checkOverflowPage({ view }: PageWindow, base: number, page: number): void {
    const little = !this.#file.meta.bigEndian;
    const references = view.getUint16(base + PAGE.items, little);
    if (references !== 1)
      throw this.#file.fault(page, `an overflow page with ${references} references`, PAGE.items);
    const length = view.getUint16(base + PAGE.low, little);
    if (length > this.#file.pageSize - PAGE_HEADER)
      throw this.#file.fault(page, `${length} bytes on it`, PAGE.low);
    this.#content[page] = length;
  }

  #checkBucket(bucket: number): void {
    let previous = 0;
    for (let page = bucketPage(this.#file.meta, bucket); page !== 0; page = this.#next[page]) {
      const type = this.#type[page];
      if (type !== PAGE_HASH && type !== PAGE_HASH_UNSORTED && this.#zero[page] === 0) {
        throw this.#file.fault(page, `page type ${type} in bucket ${bucket}`, PAGE.type);
      }
      this.#use(page, previous);
      if (this.#bucket[page] !== NONE && this.#bucket[page] !== bucket) {
        throw this.#file.fault(page, `in bucket ${bucket}, but its keys belong to ${this.#bucket[page]}`);
      }
      this.#bucket[page] = bucket;
      previous = page;
    }
  }

  /** Buckets beyond the last, whose pages came with the last doubling. */
  #checkUnusedBuckets(): void {
    const { meta } = this.#file;
    for (let bucket = meta.maxBucket + 1; ; bucket++) {
      const doubling = log2Ceil(bucket + 1);
      if (doubling >= SPARES || meta.spares[doubling] === 0) return;
      const page = bucketPage(meta, bucket);
      const type = this.#type[page];
      if (type === PAGE_INVALID && this.#zero[page] === 0) continue;
      const empty =
        this.#zero[page] === 1 ||
        ((type === PAGE_HASH || type === PAGE_HASH_UNSORTED) && this.#content[page] === 0);
      if (!empty) throw this.#file.fault(page, `not empty, though bucket ${bucket} is not in use`);
      this.#use(page, 0);
    }
  }

  #checkLongItem(owner: number, first: number, total: number): void {
    let length = 0;
    let previous = 0;
    for (let page = first; page !== 0; page = this.#next[page]) {
      if (this.#type[page] !== PAGE_OVERFLOW) {
        throw this.#file.fault(page, `page type ${this.#type[page]} in an item of page ${owner}`, PAGE.type);
      }
      this.#use(page, previous);
      length += this.#content[page];
      previous = page;
    }
    if (length !== total) throw this.#file.fault(first, `the item here has ${length} bytes, not ${total}`);
  }

  #checkFreeList(): void {
    const { meta, pageCount } = this.#file;
    if (meta.freeList >= pageCount)
      throw this.#file.fault(0, `free list at page ${meta.freeList}`, META.freeList);
    for (let page = meta.freeList; page !== 0; page = this.#next[page]) {
      if (this.#type[page] !== PAGE_INVALID || this.#zero[page] === 1) {
        throw this.#file.fault(page, `page type ${this.#type[page]} on the free list`, PAGE.type);
      }
      this.#useOnce(page);
    }
  }

  #checkLeftOvers(): void {
    for (let page = 1; page < this.#file.pageCount; page++) {
      if (this.#used[page] !== 0) continue;
      if (this.#zero[page] === 1) throw this.#file.fault(page, 'nothing but zeros');
      if (this.#type[page] === PAGE_OVERFLOW || this.#content[page] > 0) {
        throw this.#file.fault(page, 'nothing leads to it');
      }
    }
  }

  #use(page: number, previous: number): void {
    if (this.#previous[page] !== previous) {
      throw this.#file.fault(page, `follows page ${this.#previous[page]}, not ${previous}`, PAGE.previous);
    }
    this.#useOnce(page);
  }

  #useOnce(page: number): void {
    if (this.#used[page] !== 0) throw this.#file.fault(page, 'is used twice');
    this.#used[page] = 1;
  }
}
