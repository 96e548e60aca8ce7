/**
 * LMDB's data format 1 on disk, as liblmdb 0.9 has it on little-endian machines of 64 bits. The numbers are its own;
 * docs/formats.md tells what they mean together.
 */

export const MAGIC = 0xbeefc0de;
export const DATA_VERSION = 1;

/**
 * The size of a page that we write, on every machine. liblmdb goes by the size that the meta pages name, whatever its
 * machine's own is.
 */
export const PAGE_SIZE = 4096;
export const SMALLEST_PAGE = 256;
export const LARGEST_PAGE = 32768;

/** Offsets in every page; on overflow pages `lower` begins a 32-bit number of pages. */
export const PAGE = { number: 0, keySize: 8, flags: 10, lower: 12, upper: 14, pages: 12 } as const;
export const PAGE_HEADER = 16;

export const BRANCH = 0x01;
export const LEAF = 0x02;
export const OVERFLOW = 0x04;
export const META_PAGE = 0x08;
/** Two meta pages, 0 and 1, come before the pages of trees. */
export const META_PAGES = 2;

/** Offsets in a meta page. */
export const META = {
  magic: 16,
  version: 20,
  mapSize: 32,
  pageSize: 40,
  envFlags: 44,
  freeTree: 40,
  mainTree: 88,
  lastPage: 136,
  transaction: 144,
} as const;
export const META_SIZE = 152;

/** Offsets in what a meta page says of a tree. */
export const TREE = {
  flags: 4,
  depth: 6,
  branchPages: 8,
  leafPages: 16,
  overflowPages: 24,
  entries: 32,
  root: 40,
} as const;

/** What stands for the root of an empty tree: all bits set. */
export const NO_PAGE_HALF = 0xffffffff;

/** The free tree's keys are numbers; the environment is one file. Both as liblmdb itself records them. */
export const INTEGER_KEY = 0x08;
export const NO_SUBDIRECTORY = 0x4000;

/** Offsets in a node. A leaf's has the value's length, a branch's the number of a page, in 48 bits. */
export const NODE = { low: 0, flags: 4, keySize: 6, key: 8 } as const;
export const NODE_HEADER = 8;
export const BIG_DATA = 0x01;
export const SUB_DATABASE = 0x02;
/** What a leaf's node holds instead of a value on overflow pages: the number of the first. */
export const PAGE_NUMBER_SIZE = 8;

/** liblmdb's trees are never deeper. */
export const DEEPEST = 32;
/** Its map sizes are multiples of every machine's page size, and 1 MiB by default. */
export const MAP_UNIT = 1 << 20;
/** Half of a process's address space: liblmdb can't open a file that names a larger map than fits. */
export const LARGEST_MAP = 2 ** 46;

/** A place in a page's index of nodes. */
export const INDEX_SIZE = 2;

/** Nodes begin at even places. */
export function even(size: number): number {
  return (size + 1) & ~1;
}

/** How many pages a value of `length` bytes takes: only the first has a header. */
export function overflowPages(length: number, pageSize: number): number {
  return Math.floor((PAGE_HEADER - 1 + length) / pageSize) + 1;
}
