/**
 * Bernstein's constant database. A header of 256 pairs (position, slots) leads to as many hash tables at the file's end;
 * records of two lengths, key and value stand between. A table's slot is (hash, record's position), 0 for none; a key's
 * table is its hash's lowest byte, and its first slot the rest of the hash modulo the slots. Numbers are little-endian
 * and have 32 bits.
 */
export const TABLES = 256;
export const HEADER_SIZE = 8 * TABLES;
export const RECORD_HEADER = 8;
export const SLOT_SIZE = 8;
/** Positions have 32 bits. */
export const LARGEST_FILE = 2 ** 32 - 1;

export const HASH_START = 5381;
