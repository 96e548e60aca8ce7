/**
 * Berkeley DB's hash access method on disk, versions 8 and 9. The numbers are libdb's own; docs/formats.md tells what
 * they mean together.
 */

export const MAGIC = 0x061561;
/** The other access methods' magic numbers, for a helpful refusal. */
export const OTHER_MAGIC: ReadonlyMap<number, string> = new Map([
  [0x053162, 'btree'],
  [0x042253, 'queue'],
  [0x074582, 'heap'],
]);
export const OLDEST_VERSION = 8;
export const VERSION = 9;

/** Offsets in the meta page, which is page 0. */
export const META = {
  page: 8,
  magic: 12,
  version: 16,
  pageSize: 20,
  encryption: 24,
  type: 25,
  metaFlags: 26,
  freeList: 28,
  lastPage: 32,
  partitions: 36,
  keyCount: 40,
  recordCount: 44,
  flags: 48,
  fileId: 52,
  maxBucket: 72,
  highMask: 76,
  lowMask: 80,
  elements: 88,
  charKey: 92,
  spares: 96,
} as const;
/** The meta page's used part, whatever the page size. */
export const META_SIZE = 512;
export const FILE_ID_SIZE = 20;
export const SPARES = 32;
/** Its hash stands in the meta page, so that a reader with another hash function notices. */
export const CHARKEY = new TextEncoder().encode('%$sniglet^&\0');

/** Offsets in every other page. */
export const PAGE = {
  lsn: 4,
  page: 8,
  previous: 12,
  next: 16,
  items: 20,
  low: 22,
  level: 24,
  type: 25,
} as const;
export const PAGE_HEADER = 26;
/** The second half of the log sequence number in files that no environment logs. */
export const NOT_LOGGED = 1;

export const PAGE_INVALID = 0;
export const PAGE_HASH_UNSORTED = 2;
export const PAGE_OVERFLOW = 7;
export const PAGE_HASH_META = 8;
export const PAGE_HASH = 13;

export const ITEM_DATA = 1;
export const ITEM_DUPLICATES = 2;
export const ITEM_OFF_PAGE = 3;
export const ITEM_OFF_PAGE_DUPLICATES = 4;
/** Type, three unused bytes, page number, total length. */
export const OFF_PAGE_SIZE = 12;

/** Items longer than a page's fourth part go to overflow pages. */
export function isOffPage(length: number, pageSize: number): boolean {
  return length > pageSize >>> 2;
}

/** The smallest n with 2^n >= value: a bucket's page is bucket + spares[log2Ceil(bucket + 1)]. */
export function log2Ceil(value: number): number {
  return value <= 1 ? 0 : 32 - Math.clz32(value - 1);
}
