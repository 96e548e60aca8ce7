import { type Geometry, geometryFor, pagesBeyond, SMALLEST_PAGE } from './geometry.ts';
import { hashKey } from './hash.ts';
import { HashPage } from './hash-page.ts';
import { PAGE_HEADER } from './layout.ts';
import { NotPatchable } from './not-patchable.ts';
import type { PageFile } from './page-file.ts';
import { PageSums } from './page-sums.ts';

/**
 * Reads all pages of a file that is to be patched, which are to have this checksum.
 *
 * @returns how many bytes each has in use; 0 for the meta page
 * @throws NotPatchable when they have another checksum; DbmError when the file can't be read
 */
export function checkedContents(file: PageFile, checksum: bigint): Uint32Array<ArrayBuffer> {
  const { pageSize, pageCount } = file;
  const sums = new PageSums(pageSize);
  const contents = new Uint32Array(pageCount);
  let sum = 0n;
  for (let page = 1; page < pageCount; ) {
    const count = file.readPages(page, sums.room);
    sum += sums.of(sums.room.subarray(0, count * pageSize));
    contents.set(sums.contents(count), page);
    page += count;
  }
  if (BigInt.asUintN(64, sum) !== checksum) throw new NotPatchable('the old file was damaged');
  return contents;
}

/**
 * Makes sure that a file of the same entries that is written whole has pages of the same size and number as a patched one.
 *
 * @param content how many bytes each bucket has on its pages
 * @throws NotPatchable when that is not so; DbmError when the file can't be read
 */
export function checkGeometry(file: PageFile, content: Uint32Array): void {
  const { pageSize } = file;
  const buckets = content.length;
  let all = 0;
  for (let bucket = 0; bucket < buckets; bucket++) all += content[bucket];
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
