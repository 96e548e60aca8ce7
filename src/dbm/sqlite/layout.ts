/** SQLite's file format ("Database File Format" on sqlite.org), as far as files of ours use it. All numbers are big-endian. */

export const PAGE_SIZE = 4096;

/** Types of pages: of a table with row numbers, which is the schema's alone, and of tables without. */
export const SCHEMA_LEAF = 13;
export const INTERIOR = 2;
export const LEAF = 10;

/** Offsets in the head of a page of a tree. `right` is there on interior pages only. */
export const PAGE = { type: 0, freeBlock: 1, cells: 3, content: 5, fragments: 7, right: 8 } as const;
export const LEAF_HEADER = 8;
export const INTERIOR_HEADER = 12;
export const POINTER_SIZE = 2;
export const PAGE_NUMBER_SIZE = 4;

/** An overflow page: the number of the next, then content. */
export const OVERFLOW_ROOM = PAGE_SIZE - PAGE_NUMBER_SIZE;

/** How much of a record its cell may hold, at most, and how much at least where not all of it fits. */
const MOST_LOCAL = Math.floor(((PAGE_SIZE - 12) * 64) / 255) - 23;
const LEAST_LOCAL = Math.floor(((PAGE_SIZE - 12) * 32) / 255) - 23;

/** The bytes of a record of `size` bytes that are in its cell; the others fill overflow pages. */
export function localSize(size: number): number {
  if (size <= MOST_LOCAL) return size;
  const fitting = LEAST_LOCAL + ((size - LEAST_LOCAL) % OVERFLOW_ROOM);
  return fitting <= MOST_LOCAL ? fitting : LEAST_LOCAL;
}

/** Types of a record's columns: these and twice the length. */
export const BLOB = 12;
export const TEXT = 13;
/** A column's type: a number of 32 bits. */
export const INTEGER_32 = 4;
