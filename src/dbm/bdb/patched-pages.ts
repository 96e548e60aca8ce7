import { viewOf } from '../bytes.ts';
import { type Geometry, geometryFor, pagesBeyond, SMALLEST_PAGE } from './geometry.ts';
import { hashKey } from './hash.ts';
import { HashPage } from './hash-page.ts';
import { PAGE, PAGE_HEADER } from './layout.ts';
import { NotPatchable } from './not-patchable.ts';
import type { PageFile } from './page-file.ts';
import { PageSums } from './page-sums.ts';

/**
 * Reads the pages of a patched file, which are to have this checksum, and makes sure that a file of the same entries that is
 * written whole has pages of the same size and number.
 *
 * @throws NotPatchable when that is not so; DbmError when the file can't be read
 */
export function checkPages(file: PageFile, buckets: number, checksum: bigint): void {
  const { pageSize } = file;
  const content = new Float64Array(buckets);
  let bucket = 0;
  const sum = checksumOf(file, (page, used, previous) => {
    if (page <= buckets) bucket = page - 1;
    else if (previous <= buckets) bucket = previous - 1;
    content[bucket] += used;
  });
  if (sum !== checksum) throw new NotPatchable('the old file was damaged');

  let all = 0;
  for (const bytes of content) all += bytes;
  // The smallest pages are the first that are tried, and have no long items here.
  let scan = pageSize === SMALLEST_PAGE ? undefined : new Scan(file);
  const geometry = geometryFor(all, scan?.longestValue ?? 0, (asked) => {
    if (asked.pageSize === pageSize && asked.buckets === buckets)
      return pagesBeyond(content, pageSize - PAGE_HEADER);
    scan ??= new Scan(file);
    return scan.overflowPages(asked);
  });
  if (geometry.pageSize !== pageSize || geometry.buckets !== buckets)
    throw new NotPatchable('other pages are better by now');
}

/** The checksum of all pages but the meta page. @param visit hears what each has on it, and which page it follows */
function checksumOf(file: PageFile, visit: (page: number, used: number, previous: number) => void): bigint {
  const { pageSize, pageCount } = file;
  const sums = new PageSums(pageSize);
  const bytes = sums.room;
  const view = viewOf(bytes);
  let checksum = 0n;
  for (let page = 1; page < pageCount; ) {
    const count = file.readPages(page, bytes);
    for (let i = 0, at = 0; i < count; i++, at += pageSize) {
      const used = pageSize - view.getUint16(at + PAGE.low, true) + 2 * view.getUint16(at + PAGE.items, true);
      visit(page + i, used, view.getUint32(at + PAGE.previous, true));
    }
    checksum += sums.of(bytes.subarray(0, count * pageSize));
    page += count;
  }
  return BigInt.asUintN(64, checksum);
}

/** What pages of another size would hold: the hash of each entry, and the bytes that it takes. */
class Scan {
  longestValue = 0;
  readonly #hashes: Uint32Array;
  readonly #sizes: Uint16Array;
  #count = 0;

  constructor(file: PageFile) {
    const { elements } = file.meta;
    this.#hashes = new Uint32Array(elements);
    this.#sizes = new Uint16Array(elements);
    const page = new HashPage(file);
    const window = file.window();
    for (let number = 1; number < file.pageCount; number++) this.#take(page, window, number);
  }

  overflowPages({ pageSize, buckets }: Geometry): number {
    const content = new Float64Array(buckets);
    for (let i = 0; i < this.#count; i++) content[this.#hashes[i] & (buckets - 1)] += this.#sizes[i];
    return pagesBeyond(content, pageSize - PAGE_HEADER);
  }

  #take(page: HashPage, window: ReturnType<PageFile['window']>, number: number): void {
    page.read(window, window.load(number), number);
    for (let i = 0; i < page.items; i += 2) {
      const key = page.end[i] - page.start[i];
      const value = page.end[i + 1] - page.start[i + 1];
      this.longestValue = Math.max(this.longestValue, value);
      this.#hashes[this.#count] = hashKey(page.bytes, page.start[i], page.end[i], false);
      this.#sizes[this.#count++] = key + value + 6;
    }
  }
}
