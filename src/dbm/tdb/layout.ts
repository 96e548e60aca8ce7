/**
 * Samba's trivial database on disk, version 6: a header, the head of the list of free records, the heads of the hash
 * chains, records. All numbers have 32 bits, in the byte order of the machine that made the file.
 */
export const MAGIC = new TextEncoder().encode('TDB file\n\0');
export const VERSION = 0x26011967 + 6;

/** Offsets in the header. */
export const HEADER = {
  version: 32,
  hashSize: 36,
  locks: 40,
  recovery: 44,
  magicHash1: 52,
  magicHash2: 56,
  freeList: 168,
} as const;
/** The chain of a key: its hash modulo the hash size. */
export function chainHead(chain: number): number {
  return HEADER.freeList + 4 + 4 * chain;
}
/** Marks in `locks` for another hash function and for features that this version of the format did not have first. */
export const OTHER_HASH = 0x0bad1a51;
export const FEATURES = 0x0bad1a52;

/**
 * Offsets in a record: the next one of its chain, the length of all that follows the header, of key and value, the key's
 * hash. Key and value follow; the record's last four bytes are its whole length.
 */
export const RECORD = { next: 0, length: 4, key: 8, value: 12, hash: 16, magic: 20 } as const;
export const RECORD_HEADER = 24;
export const TAIL = 4;
export const ALIGNMENT = 4;
/** The size of a record whose key and value have `content` bytes. */
export function recordSize(content: number): number {
  return RECORD_HEADER + Math.ceil((content + TAIL) / ALIGNMENT) * ALIGNMENT;
}

export const USED = 0x26011999;
export const FREE = ~USED >>> 0;
export const DEAD = 0xfee1dead;
export const RECOVERY = 0xf53bc0e7;
/** What a transaction that is over, or a file that was enlarged, leaves where a record's magic number would be. */
export const NO_RECORD: ReadonlySet<number> = new Set([0, 0x42424242]);

export const LARGEST_FILE = 2 ** 32 - 1;
/** What tdb makes when it is asked for nothing else. */
export const SMALLEST_HASH_SIZE = 131;
export const LARGEST_HASH_SIZE = 2 ** 30 - 1;
