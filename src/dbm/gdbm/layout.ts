/**
 * gdbm's file on disk, as programs with 64-bit file offsets on little-endian machines write it: a header block, a
 * directory of bucket addresses that the first bits of a key's hash choose from, buckets of one block, and keys with
 * their values anywhere between. docs/formats.md tells more.
 */

/** Offsets in the header. */
export const HEADER = {
  magic: 0,
  blockSize: 4,
  directory: 8,
  directorySize: 16,
  directoryBits: 20,
  bucketSize: 24,
  bucketElements: 28,
  nextBlock: 32,
} as const;
export const HEADER_SIZE = 40;
/** Stands behind the header in files whose synchronisations are counted. */
export const EXTENSION_SIZE = 32;

export const MAGIC = 0x13579acf;
export const OLD_MAGIC = 0x13579ace;
export const COUNTING_MAGIC = 0x13579ad1;
/** Why files with these first four bytes are refused. */
export const OTHER_MAGIC: ReadonlyMap<number, string> = new Map([
  [0x13579acd, 'with 32-bit offsets'],
  [0x13579ad0, 'with 32-bit offsets'],
  [0xce9a5713, 'of the other byte order'],
  [0xcd9a5713, 'of the other byte order'],
  [0xcf9a5713, 'of the other byte order'],
  [0xd09a5713, 'of the other byte order'],
  [0xd19a5713, 'of the other byte order'],
]);

/** A table of free space: its size and the number of its elements, the next such table, elements of size and address. */
export const AVAIL = { size: 0, count: 4, next: 8, elements: 16 } as const;
export const AVAIL_ELEMENT = 16;

/** Offsets in a bucket. It has an own table of free space, of at most six elements, before its elements. */
export const BUCKET = { availCount: 0, avail: 8, bits: 104, count: 108, elements: 112 } as const;
export const BUCKET_AVAIL = 6;
/** Offsets in a bucket's element. An element without an entry has the hash -1. */
export const ELEMENT = { hash: 0, keyStart: 4, address: 8, keySize: 16, valueSize: 20 } as const;
export const ELEMENT_SIZE = 24;
export const EMPTY = 0xffffffff;
/** As many of a key's bytes stand in its element. */
export const KEY_START = 4;

export const HASH_BITS = 31;
/** Directories of files with this block size have at least so many bits; a directory entry takes eight bytes. */
export function smallestDirectoryBits(blockSize: number): number {
  let bits = 3;
  while (8 * 2 ** bits < blockSize && bits < HASH_BITS - 3) bits++;
  return bits;
}
/** A directory's size is a signed 32-bit number. */
export const MOST_DIRECTORY_BITS = 27;

export function bucketElements(bucketSize: number): number {
  return Math.floor((bucketSize - BUCKET.elements - ELEMENT_SIZE) / ELEMENT_SIZE) + 1;
}
