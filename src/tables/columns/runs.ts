import type { Pairs } from '../../dbm/pairs.ts';
import { compareBytes } from './bytes.ts';
import { RunLoops, WORD_NUMBERS } from './run-loops.ts';
import { columnBeside } from './shared-memory.ts';

/** Some entries of a table in the order of their keys' bytes; those with the same key in the order of their numbers. */
export interface Run {
  /** Their numbers, which follow each other without a gap. */
  readonly order: Uint32Array;
  /** Whether keys may be there more than once. */
  readonly repeats: boolean;
  readonly words?: KeyWords | undefined;
}

/** Of each key of a run, in its order, sixteen bytes as two numbers of 64 bits, by which it is merged. */
export interface KeyWords {
  readonly numbers: Uint32Array;
  /** How many bytes stand before them, which all keys of the run have in common. */
  readonly depth: number;
}

/** What a run is sorted in, beside the pool of its table. */
export interface RunPlace {
  readonly order: Uint32Array;
  readonly words: Uint32Array;
  /** Good for anything once the run is sorted. */
  readonly room: Uint32Array;
}

/** What sorting gave: all of a run but what lies in its place. */
export interface SortedRun {
  readonly repeats: boolean;
  /** Of its words. */
  readonly depth: number;
}

/** What sorts runs while the entries behind them are still coming. */
export interface RunSorting {
  /**
   * Sorts the entries `[from, to)`, which don't change any more, into `place`.
   *
   * @returns undefined where that can't be done by the way
   */
  sortRun(pairs: Pairs, from: number, to: number, place: RunPlace): Promise<SortedRun> | undefined;
}

/** So many entries are worth it to be sorted while others are still coming. */
export const RUN_LENGTH = 1 << 16;
/** What sorting so many needs beside the run itself; where it is less, there is more in other places. */
const RUN_ROOM = 15 << 17;
/** Fewer are sorted before a memory is there for loops. */
const FEW = 1000;

/** Where the next run of a table goes, with the room of the one before, which must be sorted by then. */
export function placeForRun(pool: Uint8Array, before: RunPlace | undefined): RunPlace {
  return {
    order: columnBeside(pool, RUN_LENGTH),
    words: columnBeside(pool, WORD_NUMBERS * RUN_LENGTH),
    room: before?.room ?? columnBeside(pool, RUN_ROOM / Uint32Array.BYTES_PER_ELEMENT),
  };
}

/** The run of entries that are in order already. */
export function runInOrder(from: number, to: number, repeats: boolean): Run {
  return { order: numbersFrom(from, to), repeats };
}

/** The entries `[from, to)` in runs: one, or none. */
export function runsOf(pairs: Pairs, from: number, to: number): Run[] {
  if (from === to) return [];
  const known = knownOrder(pairs, from, to);
  return [known === undefined ? sortRun(pairs, from, to) : runInOrder(from, to, known.repeats)];
}

/** The entries `[from, to)` as one run. @throws MemoryFullError */
export function sortRun(pairs: Pairs, from: number, to: number, place?: RunPlace): Run {
  if (place === undefined && to - from < FEW) return sortPlainly(pairs, numbersFrom(from, to));
  return new RunLoops(pairs).sort(from, to, place);
}

/** One run of several that follow each other. @throws MemoryFullError */
export function mergeRuns(pairs: Pairs, runs: readonly Run[]): Run {
  const some = runs.filter(({ order }) => order.length > 0);
  if (some.length === 0) return { order: new Uint32Array(0), repeats: false };
  if (some.length === 1) return some[0];
  if (pairs.count >= FEW) return new RunLoops(pairs).merge(some);
  return sortPlainly(pairs, Uint32Array.from(some.flatMap(({ order }) => [...order])));
}

/** For few entries: a memory for loops would cost more. */
function sortPlainly({ pool, keyStart, keyEnd }: Pairs, order: Uint32Array): Run {
  let repeats = false;
  order.sort((a, b) => {
    const difference = compareBytes(pool, keyStart[a], keyEnd[a], pool, keyStart[b], keyEnd[b]);
    if (difference === 0 && a !== b) repeats = true;
    return difference || a - b;
  });
  return { order, repeats };
}

function numbersFrom(from: number, to: number): Uint32Array {
  const numbers = new Uint32Array(to - from);
  for (let i = 0; i < numbers.length; i++) numbers[i] = from + i;
  return numbers;
}

/** Whether keys are there more than once among the entries `[from, to)`; undefined when these are not in order. */
export function knownOrder(
  { pool, keyStart, keyEnd }: Pairs,
  from: number,
  to: number,
): { readonly repeats: boolean } | undefined {
  let repeats = false;
  for (let i = from + 1; i < to; i++) {
    const difference = compareBytes(pool, keyStart[i - 1], keyEnd[i - 1], pool, keyStart[i], keyEnd[i]);
    if (difference > 0) return undefined;
    if (difference === 0) repeats = true;
  }
  return { repeats };
}
