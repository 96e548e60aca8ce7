import { isTwice } from './is-twice.ts';
import { type Group, type GroupLoops, type Share, type TableGroups, WHOLE } from './table-groups.ts';

/** The loops of src/dbm/assembly that formats need whose records are in the order of numbers that hashes give. */
export interface OrderLoops extends GroupLoops {
  sortBuckets(starts: number, buckets: number, places: number, scratch: number): number;
  repeatedKeyEnd(): number;
}

/**
 * All entries of a table, or those of a share, in the order of their numbers; those with the same number by hash, and those with the same hash by key.
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
  share: Share = WHOLE,
): Generator<Group> {
  const { memory, loops } = table;
  for (const group of table.groups(numbers, hashes, limit, shiftOf(table, limit), share)) {
    const repeated = loops.sortBuckets(group.starts, group.buckets, group.places, group.scratch) >>> 0;
    if (repeated !== 0) {
      const key = memory.bytes(repeated, (loops.repeatedKeyEnd() >>> 0) - repeated);
      throw isTwice(path, key);
    }
    yield group;
  }
}

/** The first number that `inHashOrder` gives of a share. @throws MemoryFullError */
export function firstInHashOrder(
  table: TableGroups<OrderLoops>,
  numbers: number,
  hashes: number,
  limit: number,
  share: Share,
): number {
  return table.firstOf(share, numbers, hashes, limit, shiftOf(table, limit));
}

function shiftOf({ count }: TableGroups<OrderLoops>, limit: number): number {
  return Math.max(0, Math.floor(Math.log2(limit / Math.max(1, count))));
}
