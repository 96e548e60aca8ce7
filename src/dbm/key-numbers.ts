import { inLoopStretches } from './stretches.ts';
import { type GroupLoops, PLACE_BYTES, sortingRoom, type TableGroups } from './table-groups.ts';

/** The loops of src/dbm/assembly that number keys. */
export interface KeyNumberLoops extends GroupLoops {
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
}

type NumberedTable = Pick<TableGroups<KeyNumberLoops>, 'memory' | 'loops' | 'count'>;

/** No key that these loops number is longer. */
const LONGEST_KEY = 2 ** 31 - 1;
/** Keys that are looked at to find the first one of each bucket. */
const SAMPLES = 4;
/** As in src/dbm/assembly. */
const SHORTER_FIRST = 2;
const SPLITTER_BYTES = 16;

/**
 * Gives each entry of a table a number below `2 ** levels` that is not less than those of the keys before its own. About as many
 * have each number, unless keys agree in sixteen bytes behind those that all begin with.
 *
 * @returns the address of the numbers
 * @throws MemoryFullError
 */
export function numberKeys(table: NumberedTable, levels: number): number {
  const { memory, loops, count } = table;
  let depth = LONGEST_KEY;
  inLoopStretches(count, (from, to) => {
    depth = loops.commonDepth(from, to, depth);
  });
  const numbers = memory.reserve(4 * count);
  const splitters = takeSplitters(table, depth, levels);
  inLoopStretches(count, (from, to) => loops.numberKeys(from, to, depth, splitters, levels, numbers));
  return numbers;
}

/** The address of numbers that divide the keys into `2 ** levels` buckets of about the same size. */
function takeSplitters({ memory, loops, count }: NumberedTable, depth: number, levels: number): number {
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
