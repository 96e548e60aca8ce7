import { inLoopStretches } from './stretches.ts';
import {
  type Group,
  type GroupLoops,
  PLACE_BYTES,
  PLACES_BEFORE,
  sortingRoom,
  type TableGroups,
} from './table-groups.ts';

/** The loops of src/dbm/assembly that formats need whose entries are in the order of their keys. */
export interface KeyOrderLoops extends GroupLoops {
  areSorted(from: number, to: number): boolean;
  placeEntries(from: number, to: number, step: number, places: number): void;
  commonDepth(from: number, to: number, most: number): number;
  sortPlaces(places: number, count: number, keyOrder: number, scratch: number): number;
  takeSplitters(places: number, count: number, buckets: number, depth: number, splitters: number): void;
  numberKeys(
    from: number,
    to: number,
    depth: number,
    splitters: number,
    levels: number,
    numbers: number,
  ): void;
  sortBuckets(starts: number, buckets: number, places: number, scratch: number): number;
}

/** Entries that follow each other. Before their places there is room for `PLACES_BEFORE` others. */
export type Run = Pick<Group, 'places' | 'count' | 'isLast'>;

/** Entries of a table that is in order already, at a time. */
const RUN = 4096;
/** About so many entries are sorted at a time. */
const BUCKET_ENTRIES = 48;
const MOST_LEVELS = 17;
/** No key that these loops sort is longer. */
const LONGEST_KEY = 2 ** 31 - 1;
/** Keys that are looked at to find the first one of each bucket. */
const SAMPLES = 4;
/** As in src/dbm/assembly. */
const SHORTER_FIRST = 2;
const SPLITTER_BYTES = 16;

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
  let depth = LONGEST_KEY;
  inLoopStretches(count, (from, to) => {
    depth = loops.commonDepth(from, to, depth);
  });
  const levels = Math.max(0, Math.min(MOST_LEVELS, Math.floor(Math.log2(count / BUCKET_ENTRIES))));
  const numbers = memory.reserve(4 * count);
  const splitters = splittersOf(table, depth, levels);
  inLoopStretches(count, (from, to) => loops.numberKeys(from, to, depth, splitters, levels, numbers));
  for (const group of table.groups(numbers, numbers, 2 ** levels, 0)) {
    const repeated = loops.sortBuckets(group.starts, group.buckets, group.places, group.scratch) >>> 0;
    if (repeated !== 0) {
      const [start, end] = memory.numbers(repeated, 2);
      throw refuse(memory.bytes(start, end - start));
    }
    yield group;
  }
}

/** The address of numbers that divide the keys into `2 ** levels` buckets of about the same size. */
function splittersOf(
  { memory, loops, count }: TableGroups<KeyOrderLoops>,
  depth: number,
  levels: number,
): number {
  const buckets = 2 ** levels;
  const step = Math.max(1, Math.floor(count / (SAMPLES * buckets)));
  const samples = Math.ceil(count / step);
  const places = memory.reserve(PLACE_BYTES * samples);
  loops.placeEntries(0, count, step, places);
  loops.sortPlaces(places, samples, SHORTER_FIRST, memory.reserve(sortingRoom(samples)));
  const splitters = memory.reserve(SPLITTER_BYTES * buckets);
  loops.takeSplitters(places, samples, buckets, depth, splitters);
  return splitters;
}
