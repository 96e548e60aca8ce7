import { crc32 } from 'node:zlib';
import type { Checksums } from './file-id.ts';
import { type Geometry, geometryFor, pagesBeyond, SMALLEST_PAGE } from './geometry.ts';
import { hashKey } from './hash.ts';
import { HashPage } from './hash-page.ts';
import { PAGE, PAGE_HEADER } from './layout.ts';
import { NotPatchable } from './not-patchable.ts';
import type { PageFile } from './page-file.ts';

const PIECE = 1 << 20;

/**
 * Reads the pages of a patched file, which are to have these checksums, and makes sure that a file of the same entries that is
 * written whole has pages of the same size and number.
 *
 * @throws NotPatchable when that is not so; DbmError when the file can't be read
 */
export function checkPages(file: PageFile, buckets: number, checksums: Checksums): void {
  const { pageSize, pageCount } = file;
  const content = new Float64Array(buckets);
  const first = checksumOf(file, 1, buckets + 1, (bucket, used) => {
    content[bucket] = used;
  });
  let bucket = 0;
  const further = checksumOf(file, buckets + 1, pageCount, (_, used, previous) => {
    if (previous <= buckets) bucket = previous - 1;
    content[bucket] += used;
  });
  if (first !== checksums.firstPages || further !== checksums.furtherPages)
    throw new NotPatchable('the old file was damaged');

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

/** The CRC-32 of pages `[from, to)`. @param visit hears what each has on it, and which page it follows */
function checksumOf(
  file: PageFile,
  from: number,
  to: number,
  visit: (page: number, used: number, previous: number) => void,
): number {
  const { pageSize } = file;
  const bytes = new Uint8Array(PIECE);
  const view = new DataView(bytes.buffer);
  let checksum = 0;
  for (let page = from; page < to; ) {
    const most = Math.min(PIECE, (to - page) * pageSize);
    const count = file.readPages(page, bytes.subarray(0, most));
    for (let i = 0, at = 0; i < count; i++, at += pageSize) {
      const used = pageSize - view.getUint16(at + PAGE.low, true) + 2 * view.getUint16(at + PAGE.items, true);
      visit(page + i - from, used, view.getUint32(at + PAGE.previous, true));
    }
    checksum = crc32(bytes.subarray(0, count * pageSize), checksum);
    page += count;
  }
  return checksum;
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
