import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { PLACE_BYTES } from '../table-groups.ts';
import { Bucket } from './bucket.ts';
import { HashPage } from './hash-page.ts';
import { PAGE_HASH } from './layout.ts';
import { LongItems } from './long-items.ts';
import { bucketPage } from './meta.ts';
import type { PageFile } from './page-file.ts';
import { TableBuckets } from './table-buckets.ts';

/**
 * `DbmFile.readBack`. The keys are hashed and grouped by bucket; then each bucket's pages are read once, in the file's
 * order, and held against the bucket's entries.
 *
 * @param only reads these buckets alone, whose entries `pairs` are: by default all of them, and then the file holds the table and nothing else
 */
export function readBack(
  file: PageFile,
  pairs: Pairs,
  terminated: boolean | undefined,
  only?: ReadonlySet<number>,
): void {
  new ReadBack(file, pairs, terminated ?? isTerminated(file)).run(only);
}

/** Whether the file's first key ends in a NUL. */
function isTerminated(file: PageFile): boolean {
  const page = new HashPage(file);
  for (let bucket = 0; bucket <= file.meta.maxBucket; bucket++) {
    let previous = 0;
    for (let number = bucketPage(file.meta, bucket); number !== 0; number = page.next) {
      page.load(number, previous);
      if (page.items > 0 && page.offPage[0] !== 0) {
        return new LongItems(file).read(page.offPage[0], page.total[0]).at(-1) === 0;
      }
      if (page.items > 0) return page.end[0] > page.start[0] && page.bytes[page.end[0] - 1] === 0;
      previous = number;
    }
  }
  return true;
}

class ReadBack {
  readonly #file: PageFile;
  readonly #pairs: Pairs;
  readonly #page: HashPage;
  readonly #longItems: LongItems;
  readonly #nul: number;
  /** Whether the bucket's entry was met. */
  #seen = new Uint8Array(0);
  #met = 0;

  constructor(file: PageFile, pairs: Pairs, terminated: boolean) {
    this.#file = file;
    this.#pairs = pairs;
    this.#page = new HashPage(file);
    this.#longItems = new LongItems(file);
    this.#nul = terminated ? 1 : 0;
  }

  run(only: ReadonlySet<number> | undefined): void {
    const terminated = this.#nul === 1;
    const table = new TableBuckets(this.#pairs, terminated);
    table.hashKeys();
    table.assign(this.#file.meta);
    const bucket = new Bucket(table, terminated);
    for (const { first, buckets, starts, places, scratch } of table.groups(this.#file.meta.maxBucket + 1)) {
      const start = table.memory.numbers(starts, buckets + 1);
      for (let b = 0; b < buckets; b++) {
        if (only?.has(first + b) === false) continue;
        const repeated = bucket.load(places + PLACE_BYTES * start[b], start[b + 1] - start[b], scratch);
        if (repeated >= 0) throw this.#fault(bucket.key(repeated), 'is in the table twice');
        this.#readBucket(bucket, first + b);
      }
    }
  }

  #readBucket(bucket: Bucket, number: number): void {
    const { count } = bucket;
    if (this.#seen.length < count) this.#seen = new Uint8Array(2 * count);
    else this.#seen.fill(0, 0, count);
    this.#met = 0;
    const { meta } = this.#file;
    let previous = 0;
    let next = 0;
    for (let page = bucketPage(meta, number); page !== 0; page = this.#page.next) {
      this.#page.load(page, previous);
      next = this.#readPage(bucket, next);
      previous = page;
    }
    if (this.#met === count) return;
    throw this.#fault(bucket.key(this.#seen.indexOf(0)), 'is missing');
  }

  /** Our files hold the entries in the order of the bucket: the next one is tried before it is searched for. */
  #readPage(bucket: Bucket, next: number): number {
    const page = this.#page;
    let last = -1;
    for (let i = 0; i < page.items; i += 2) {
      const long = page.offPage[i] !== 0 ? this.#item(i) : undefined;
      const bytes = long ?? page.bytes;
      const view = long === undefined ? page.view : viewOf(long);
      const start = long === undefined ? page.start[i] : 0;
      const end = (long === undefined ? page.end[i] : long.length) - this.#nul;
      if (this.#nul === 1 && (end < start || bytes[end] !== 0)) throw this.#wrong(i, 'lacks its NUL');
      const place = bucket.hasKey(next, view, start, end) ? next : bucket.find(bytes, start, end);
      if (place < 0) throw this.#wrong(i, 'is not in the table');
      if (this.#seen[place] !== 0) throw this.#wrong(i, 'is there twice');
      if (long === undefined && place <= last && page.type === PAGE_HASH) {
        throw this.#wrong(i, "is out of the page's order");
      }
      this.#compareValue(bucket, place, i);
      this.#seen[place] = 1;
      this.#met++;
      if (long === undefined) last = place;
      next = place + 1;
    }
    return next;
  }

  #compareValue(bucket: Bucket, place: number, i: number): void {
    const page = this.#page;
    const long = page.offPage[i + 1] !== 0 ? this.#item(i + 1) : undefined;
    const start = long === undefined ? page.start[i + 1] : 0;
    const end = (long === undefined ? page.end[i + 1] : long.length) - this.#nul;
    const ended = this.#nul === 0 || (end >= start && (long ?? page.bytes)[end] === 0);
    const view = long === undefined ? page.view : viewOf(long);
    if (!ended || !bucket.hasValue(place, view, start, end)) throw this.#wrong(i, 'has another value');
  }

  #item(i: number): Uint8Array {
    const page = this.#page;
    if (page.offPage[i] !== 0) return this.#longItems.read(page.offPage[i], page.total[i]);
    return page.bytes.subarray(page.start[i], page.end[i]);
  }

  #fault(key: Uint8Array, what: string): DbmError {
    return new DbmError(this.#file.path, `the key ${printable(key)} ${what}`);
  }

  #wrong(i: number, what: string): DbmError {
    const key = this.#item(i);
    const shown = printable(key.subarray(0, key.length - this.#nul));
    return this.#file.fault(this.#page.page, `the key ${shown} ${what}`);
  }
}
