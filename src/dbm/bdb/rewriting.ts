import { sameBytes, viewOf } from '../bytes.ts';
import type { Change } from '../format.ts';
import type { Pairs } from '../pairs.ts';
import { PairsBuilder } from '../pairs-builder.ts';
import { type BucketChange, EditedPage, entrySize } from './edited-page.ts';
import { SMALLEST_PAGE } from './geometry.ts';
import { hashKey } from './hash.ts';
import { HashPage } from './hash-page.ts';
import { compareKeys } from './key-order.ts';
import { isOffPage, PAGE, PAGE_HASH, PAGE_HEADER } from './layout.ts';
import { NotPatchable } from './not-patchable.ts';
import { PageBuilder } from './page-builder.ts';
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
  readonly buckets: readonly RewrittenBucket[];
  /** All pages behind the buckets', as they are to be. */
  readonly furtherPages: readonly Uint8Array[];
  /** What has to be added to the file's checksum. */
  readonly checksumChange: bigint;
  readonly #file: PageFile;
  readonly #change: Change;
  readonly #page: HashPage;
  /** Those of the buckets that are put together anew. */
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
    const numbers = [...new Set([...changes.keys(), ...this.#bucketsOfMorePages()])].sort((a, b) => a - b);
    if (numbers.length * MOST_CHANGES > buckets) throw new NotPatchable('too much changes');

    const pages = numbers.length + file.pageCount - 1 - buckets;
    this.#entries = new PairsBuilder(file.path, pages * pageSize + bytesOf(change.come));
    this.#nextPage = buckets + 1;
    const sums = new PageSums(pageSize);
    let gone = this.#sumOfFurtherPages(sums);
    const before = Buffer.alloc(numbers.length * pageSize);
    const after = Buffer.alloc(numbers.length * pageSize);
    this.buckets = numbers.map((number, i) => {
      const [from, to] = [i * pageSize, (i + 1) * pageSize];
      const page = before.subarray(from, to);
      file.readPages(1 + number, page);
      return this.#rewrite(number, changes.get(number) ?? NO_CHANGE, page, after.subarray(from, to));
    });
    gone += sums.of(before);
    this.furtherPages = this.#further;
    this.checksumChange = sums.of(after) + sums.of(Buffer.concat(this.#further)) - gone;
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
    const changes = new Map<number, { gone: number[]; come: number[] }>();
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

  #rewrite(number: number, change: BucketChange, before: Uint8Array, after: Uint8Array): RewrittenBucket {
    const content = EditedPage.of(before, 1 + number)?.edit(this.#change, change, after);
    if (content !== undefined)
      return { number, change, content, pages: [{ page: 1 + number, bytes: after }] };
    return { number, change, ...this.#putTogether(number, change, after) };
  }

  #putTogether(
    bucket: number,
    change: BucketChange,
    firstPage: Uint8Array,
  ): Pick<RewrittenBucket, 'content' | 'pages'> {
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
    const pages: Page[] = [];
    let content = 0;
    let page = 1 + bucket;
    let previous = 0;
    let bytes = firstPage;
    for (let from = 0; ; ) {
      const builder = new PageBuilder(bytes);
      let used = 0;
      let to = from;
      for (; to < order.length; to++) {
        const size = entrySize(pairs, order[to], pageSize);
        if (used + size > capacity) break;
        used += size;
        builder.add(pairs, order[to]);
      }
      content += used;
      const next = to < order.length ? this.#nextPage++ : 0;
      builder.finish({ page, previous, next });
      pages.push({ page, bytes });
      if (next === 0) return { content, pages };
      bytes = new Uint8Array(pageSize);
      this.#further.push(bytes);
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

/** A page as it is to be. */
export interface Page {
  readonly page: number;
  readonly bytes: Uint8Array;
}

export interface RewrittenBucket {
  readonly number: number;
  readonly change: BucketChange;
  /** How many bytes its entries take on its pages. */
  readonly content: number;
  readonly pages: readonly Page[];
}

/** Bytes of all keys and values: several entries may share those of one value. */
function bytesOf({ count, keyStart, keyEnd, valueStart, valueEnd }: Pairs): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += keyEnd[i] - keyStart[i] + valueEnd[i] - valueStart[i];
  return bytes;
}

const NO_CHANGE: BucketChange = { gone: [], come: [] };
