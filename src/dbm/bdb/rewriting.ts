import { sameBytes, viewOf } from '../bytes.ts';
import type { Change } from '../format.ts';
import type { Pairs } from '../pairs.ts';
import { PairsBuilder } from '../pairs-builder.ts';
import { itemSize, SMALLEST_PAGE } from './geometry.ts';
import { hashKey } from './hash.ts';
import { HashPage } from './hash-page.ts';
import { compareKeys } from './key-order.ts';
import { ITEM_DATA, isOffPage, NOT_LOGGED, PAGE, PAGE_HASH, PAGE_HEADER } from './layout.ts';
import { NotPatchable } from './not-patchable.ts';
import type { PageFile } from './page-file.ts';
import { PageSums } from './page-sums.ts';

/** Where more than one bucket in so many changes, writing the whole file is no slower. */
const MOST_CHANGES = 4;

/**
 * What a change makes of the pages of a file of `writeBdb`: the buckets in which something changes are put together anew, and
 * so are those of more than one page, since their further pages are numbered in the order of all buckets.
 */
export class Rewriting {
  /** The buckets that are rewritten, in their order. */
  readonly numbers: readonly number[];
  /** Their first pages, one behind the other. */
  readonly firstPages: Uint8Array;
  /** All pages behind the buckets', as they are to be. */
  readonly furtherPages: Uint8Array;
  /** What has to be added to the file's checksum. */
  readonly checksumChange: bigint;
  readonly #file: PageFile;
  readonly #change: Change;
  readonly #page: HashPage;
  /** Those of all buckets that are rewritten. */
  readonly #entries: PairsBuilder;
  readonly #further: Uint8Array[] = [];
  /** The number of the next page behind the buckets'. */
  #nextPage: number;

  /** @throws NotPatchable; DbmError when the file is damaged */
  constructor(file: PageFile, change: Change) {
    this.#file = file;
    this.#change = change;
    this.#page = new HashPage(file);
    const { pageSize, meta } = file;
    const changes = this.#byBucket();
    const buckets = meta.maxBucket + 1;
    this.numbers = [...new Set([...changes.keys(), ...this.#bucketsOfMorePages()])].sort((a, b) => a - b);
    if (this.numbers.length * MOST_CHANGES > buckets) throw new NotPatchable('too much changes');

    const pages = this.numbers.length + file.pageCount - 1 - buckets;
    this.#entries = new PairsBuilder(file.path, pages * pageSize + bytesOf(change.come));
    this.#nextPage = buckets + 1;
    this.firstPages = new Uint8Array(this.numbers.length * pageSize);
    const sums = new PageSums(pageSize);
    const before = sums.room.subarray(0, pageSize);
    let gone = this.#sumOfFurtherPages(sums);
    for (const [i, number] of this.numbers.entries()) {
      file.readPages(1 + number, before);
      gone += sums.of(before);
      this.#rewrite(number, changes.get(number) ?? NO_CHANGE, i * pageSize);
    }
    this.furtherPages = Buffer.concat(this.#further);
    this.checksumChange = sums.of(this.firstPages) + sums.of(this.furtherPages) - gone;
  }

  #sumOfFurtherPages(sums: PageSums): bigint {
    let sum = 0n;
    for (let page = this.#nextPage; page < this.#file.pageCount; ) {
      const count = this.#file.readPages(page, sums.room);
      sum += sums.of(sums.room.subarray(0, count * this.#file.pageSize));
      page += count;
    }
    return sum;
  }

  #byBucket(): Map<number, BucketChange> {
    const { meta } = this.#file;
    const changes = new Map<number, BucketChange>();
    const sort = (pairs: Pairs, part: keyof BucketChange): void => {
      const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = pairs;
      for (let i = 0; i < count; i++) {
        const long = Math.max(keyEnd[i] - keyStart[i], valueEnd[i] - valueStart[i]) + 1;
        if (isOffPage(long, SMALLEST_PAGE)) throw new NotPatchable('a long item changes');
        const bucket = (hashKey(pool, keyStart[i], keyEnd[i], true) & meta.highMask) >>> 0;
        let found = changes.get(bucket);
        if (found === undefined) {
          found = { gone: [], come: [] };
          changes.set(bucket, found);
        }
        found[part].push(i);
      }
    };
    sort(this.#change.gone, 'gone');
    sort(this.#change.come, 'come');
    return changes;
  }

  /** @throws NotPatchable when there are pages of long items, which only the items tell whose they are */
  #bucketsOfMorePages(): number[] {
    const { meta, pageCount, pageSize } = this.#file;
    const window = this.#file.window();
    const buckets = meta.maxBucket + 1;
    const found: number[] = [];
    for (let page = buckets + 1; page < pageCount; page++) {
      const base = window.load(page);
      if (window.bytes[base + PAGE.type] !== PAGE_HASH) throw new NotPatchable('long items are there');
      const previous = window.view.getUint32(base + PAGE.previous, true);
      if (previous <= buckets) found.push(previous - 1);
    }
    if (pageSize > 65535) throw new NotPatchable('pages are too large');
    return found;
  }

  #rewrite(bucket: number, change: BucketChange, at: number): void {
    const first = this.#entries.count;
    this.#collect(bucket, change);
    const pairs = this.#entries.finish();
    const { pool, keyStart, keyEnd } = pairs;
    const order = Array.from({ length: pairs.count - first }, (_, i) => first + i);
    order.sort((a, b) => {
      const way = compareKeys(pool, keyStart[a], keyEnd[a], pool, keyStart[b], keyEnd[b], true);
      if (way === 0 && a !== b) throw new NotPatchable('an entry that comes is there');
      return way;
    });
    const { pageSize } = this.#file;
    const capacity = pageSize - PAGE_HEADER;
    let page = 1 + bucket;
    let previous = 0;
    let target = this.firstPages.subarray(at, at + pageSize);
    for (let from = 0; ; ) {
      let used = 0;
      let to = from;
      for (; to < order.length; to++) {
        const size = entrySize(pairs, order[to], pageSize);
        if (used + size > capacity) break;
        used += size;
      }
      const next = to < order.length ? this.#nextPage++ : 0;
      writePage(target, pairs, order.slice(from, to), { page, previous, next });
      if (next === 0) return;
      target = new Uint8Array(pageSize);
      this.#further.push(target);
      previous = page;
      page = next;
      from = to;
    }
  }

  /** Adds a bucket's entries without those that go, and with those that come. */
  #collect(bucket: number, { gone, come }: BucketChange): void {
    const builder = this.#entries;
    const page = this.#page;
    const left = new Set(gone);
    let previous = 0;
    for (let number = 1 + bucket; number !== 0; number = page.next) {
      page.load(number, previous);
      for (let i = 0; i < page.items; i += 2) {
        if (page.offPage[i] !== 0 || page.offPage[i + 1] !== 0)
          throw new NotPatchable('long items are there');
        const isTerminated = page.bytes[page.end[i] - 1] === 0 && page.bytes[page.end[i + 1] - 1] === 0;
        if (!isTerminated) throw new NotPatchable('without NULs');
        const goes = gone.find((entry) => this.#isEntry(entry, i));
        if (goes !== undefined) {
          left.delete(goes);
          continue;
        }
        builder.key(page.bytes, page.start[i], page.end[i] - 1);
        builder.value(page.bytes, page.start[i + 1], page.end[i + 1] - 1);
      }
      previous = number;
    }
    if (left.size > 0) throw new NotPatchable('an entry that goes is not there');
    const { pool, keyStart, keyEnd, valueStart, valueEnd } = this.#change.come;
    for (const i of come) {
      builder.key(pool, keyStart[i], keyEnd[i]);
      builder.value(pool, valueStart[i], valueEnd[i]);
    }
  }

  /** Whether item `i` of the page is the key of an entry that goes, and the next one its value. */
  #isEntry(entry: number, i: number): boolean {
    const { pool, keyStart, keyEnd, valueStart, valueEnd } = this.#change.gone;
    const { view, start, end } = this.#page;
    const poolView = viewOf(pool);
    const isItem = (item: number, from: number, to: number): boolean =>
      end[item] - 1 - start[item] === to - from && sameBytes(view, start[item], poolView, from, to - from);
    return isItem(i, keyStart[entry], keyEnd[entry]) && isItem(i + 1, valueStart[entry], valueEnd[entry]);
  }
}

/** Numbers of entries. */
interface BucketChange {
  readonly gone: number[];
  readonly come: number[];
}

/** Bytes of all keys and values: several entries may share those of one value. */
function bytesOf({ count, keyStart, keyEnd, valueStart, valueEnd }: Pairs): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += keyEnd[i] - keyStart[i] + valueEnd[i] - valueStart[i];
  return bytes;
}

const NO_CHANGE: BucketChange = { gone: [], come: [] };

function entrySize({ keyStart, keyEnd, valueStart, valueEnd }: Pairs, i: number, pageSize: number): number {
  const key = keyEnd[i] - keyStart[i] + 1;
  const value = valueEnd[i] - valueStart[i] + 1;
  return itemSize(key, pageSize) + itemSize(value, pageSize);
}

/** Writes a page of `PageWriter` with some entries, none of them long, into zeroed bytes. */
function writePage(
  bytes: Uint8Array,
  pairs: Pairs,
  entries: readonly number[],
  place: { page: number; previous: number; next: number },
): void {
  const view = viewOf(bytes);
  let at = bytes.length;
  let index = PAGE_HEADER;
  const item = (start: number, end: number): void => {
    at -= 1 + end - start + 1;
    bytes[at] = ITEM_DATA;
    bytes.set(pairs.pool.subarray(start, end), at + 1);
    view.setUint16(index, at, true);
    index += 2;
  };
  for (const i of entries) {
    item(pairs.keyStart[i], pairs.keyEnd[i]);
    item(pairs.valueStart[i], pairs.valueEnd[i]);
  }
  view.setUint32(PAGE.lsn, NOT_LOGGED, true);
  view.setUint32(PAGE.page, place.page, true);
  view.setUint32(PAGE.previous, place.previous, true);
  view.setUint32(PAGE.next, place.next, true);
  view.setUint16(PAGE.items, 2 * entries.length, true);
  view.setUint16(PAGE.low, at, true);
  bytes[PAGE.type] = PAGE_HASH;
}
