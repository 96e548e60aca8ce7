import { isTwice } from './is-twice.ts';
import type { Group, GroupLoops, TableGroups } from './table-groups.ts';

/** The loops of src/dbm/assembly that formats need whose records are in the order of numbers that hashes give. */
export interface OrderLoops extends GroupLoops {
  sortBuckets(starts: number, buckets: number, places: number, scratch: number): number;
  repeatedKeyEnd(): number;
}

/**
 * All entries of a table in the order of their numbers; those with the same number by hash, and those with the same hash by key.
 *
 * @param path the file that they are for
 * @param numbers addresses of an entry's number, less than `limit` (at most 2 ** 31), and of its hash
 * @throws DbmError when two have the same key
 * @throws MemoryFullError
 */
export function* inHashOrder(
  path: string,
  table: TableGroups<OrderLoops>,
  numbers: number,
  hashes: number,
  limit: number,
): Generator<Group> {
  const { memory, loops } = table;
  const shift = Math.max(0, Math.floor(Math.log2(limit / Math.max(1, table.count))));
  for (const group of table.groups(numbers, hashes, limit, shift)) {
    const repeated = loops.sortBuckets(group.starts, group.buckets, group.places, group.scratch) >>> 0;
    if (repeated !== 0) {
      const key = memory.bytes(repeated, (loops.repeatedKeyEnd() >>> 0) - repeated);
      throw isTwice(path, key);
    }
    yield group;
  }
}
