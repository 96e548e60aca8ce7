import { type KeyNumberLoops, numberKeys } from './key-numbers.ts';
import { inLoopStretches } from './stretches.ts';
import { type Group, PLACE_BYTES, PLACES_BEFORE, type TableGroups } from './table-groups.ts';

/** The loops of src/dbm/assembly that formats need whose entries are in the order of their keys. */
export interface KeyOrderLoops extends KeyNumberLoops {
  areSorted(from: number, to: number): boolean;
  sortBuckets(starts: number, buckets: number, places: number, scratch: number): number;
}

/** Entries that follow each other. Before their places there is room for `PLACES_BEFORE` others. */
export type Run = Pick<Group, 'places' | 'count' | 'isLast'>;

/** Entries of a table that is in order already, at a time. */
const RUN = 4096;
/** About so many entries are sorted at a time. */
const BUCKET_ENTRIES = 48;
const MOST_LEVELS = 17;

/**
 * All entries of a table in the order of their keys' bytes, as memcmp has it; a key comes after those that it begins with.
 *
 * @param refuse gives what is thrown for a key that two entries have
 * @throws MemoryFullError
 */
export function inKeyOrder(
  table: TableGroups<KeyOrderLoops>,
  refuse: (key: Uint8Array) => Error,
): Iterable<Run> {
  return isSorted(table) ? runs(table) : sorted(table, refuse);
}

/** Whether a table is in that order already. */
export function isSorted({ loops, count }: TableGroups<KeyOrderLoops>): boolean {
  let is = true;
  inLoopStretches(count, (from, to) => {
    is &&= loops.areSorted(from, to);
  });
  return is;
}

function* runs({ memory, loops, count }: TableGroups<KeyOrderLoops>): Generator<Run> {
  const places = memory.reserve(PLACE_BYTES * (PLACES_BEFORE + RUN)) + PLACE_BYTES * PLACES_BEFORE;
  for (let from = 0; from < count; from += RUN) {
    const entries = Math.min(RUN, count - from);
    loops.placeEntries(from, from + entries, 1, places);
    yield { places, count: entries, isLast: from + entries === count };
  }
}

function* sorted(table: TableGroups<KeyOrderLoops>, refuse: (key: Uint8Array) => Error): Generator<Run> {
  const { memory, loops, count } = table;
  const levels = Math.max(0, Math.min(MOST_LEVELS, Math.floor(Math.log2(count / BUCKET_ENTRIES))));
  const numbers = numberKeys(table, levels);
  for (const group of table.groups(numbers, numbers, 2 ** levels, 0)) {
    const repeated = loops.sortBuckets(group.starts, group.buckets, group.places, group.scratch) >>> 0;
    if (repeated !== 0) {
      const [start, end] = memory.numbers(repeated, 2);
      throw refuse(memory.bytes(start, end - start));
    }
    yield group;
  }
}
