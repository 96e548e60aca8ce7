import type { Pairs } from '../../dbm/pairs.ts';
import { RunSorter } from '../../dbm/sort-run.ts';
import { compareBytes } from './bytes.ts';
import { commonKeyBytes, keyPrefixes } from './key-prefixes.ts';
import { KeySorter } from './key-sorter.ts';
import { sharedColumn } from './shared-memory.ts';

/** Some entries of a table in the order of their keys' bytes; those with the same key in the order of their numbers. */
export interface Run {
  /** Their numbers, which follow each other without a gap. */
  readonly order: Uint32Array;
  /** Whether keys may be there more than once. */
  readonly repeats: boolean;
}

/** What sorts runs while the entries behind them are still coming. */
export interface RunSorting {
  /**
   * Sorts the entries `[from, to)`, which don't change any more.
   *
   * @returns undefined where that can't be done by the way
   */
  sortRun(pairs: Pairs, from: number, to: number): Promise<Run> | undefined;
}

/** A run of so many stays in the processor's cache while it is sorted. */
export const RUN_LENGTH = 1 << 16;

/** The run of entries that are in order already. */
export function runInOrder(from: number, to: number, repeats: boolean): Run {
  const order = new Uint32Array(to - from);
  for (let i = 0; i < order.length; i++) order[i] = from + i;
  return { order, repeats };
}

/** The entries `[from, to)` in runs: one, since to sort all together takes half as long as to merge runs that each fit in a cache. */
export function runsOf(pairs: Pairs, from: number, to: number): Run[] {
  if (from === to) return [];
  return [knownOrder(pairs, from, to) ?? sortRun(pairs, from, to)];
}

/** The entries `[from, to)` as one run. */
export function sortRun(pairs: Pairs, from: number, to: number): Run {
  const { pool, keyStart, keyEnd } = pairs;
  // Threads hand it over without a copy.
  const order = sharedColumn(to - from);
  for (let i = 0; i < order.length; i++) order[i] = from + i;
  const sorter = new RunSorter({ pool, start: keyStart, end: keyEnd }, order);
  sorter.sort(0, order.length, 0);
  if (sorter.repeated < 0) return { order, repeats: false };
  for (let i = 0; i < order.length; i++) order[i] = from + i;
  new KeySorter(pairs, order).sort();
  return { order, repeats: true };
}

/** One run of several that follow each other. */
export function mergeRuns(pairs: Pairs, runs: readonly Run[]): Run {
  if (runs.length === 0) return { order: new Uint32Array(0), repeats: false };
  if (runs.length === 1) return runs[0];
  const merger = new Merger(pairs);
  let from = prefixed(pairs, runs);
  const count = from.order.length;
  let to: PrefixedRuns = { order: new Uint32Array(count), prefixes: new Float64Array(count) };
  let total = 0;
  let ends = runs.map(({ order }) => {
    total += order.length;
    return total;
  });
  // Two by two, to and fro between two pieces of memory.
  while (ends.length > 1) {
    let start = 0;
    const mergedEnds: number[] = [];
    for (let i = 0; i < ends.length; i += 2) {
      const end = ends[i + 1] ?? ends[i];
      merger.merge(from, start, ends[i], end, to);
      mergedEnds.push(end);
      start = end;
    }
    ends = mergedEnds;
    [from, to] = [to, from];
  }
  return { order: from.order, repeats: merger.repeats || runs.some(({ repeats }) => repeats) };
}

function knownOrder({ pool, keyStart, keyEnd }: Pairs, from: number, to: number): Run | undefined {
  let repeats = false;
  for (let i = from + 1; i < to; i++) {
    const difference = compareBytes(pool, keyStart[i - 1], keyEnd[i - 1], pool, keyStart[i], keyEnd[i]);
    if (difference > 0) return undefined;
    if (difference === 0) repeats = true;
  }
  return runInOrder(from, to, repeats);
}

/** Runs behind each other, and for each of their entries a number that orders like the first bytes in which keys differ. */
interface PrefixedRuns {
  readonly order: Uint32Array;
  readonly prefixes: Float64Array;
}

function prefixed(pairs: Pairs, runs: readonly Run[]): PrefixedRuns {
  const ends = runs.flatMap(({ order }) => (order.length === 0 ? [] : [order[0], order[order.length - 1]]));
  const depth = commonKeyBytes(ends.map((entry) => ({ pairs, entry })));
  const all = new Uint32Array(runs.reduce((sum, { order }) => sum + order.length, 0));
  let at = 0;
  for (const { order } of runs) {
    all.set(order, at);
    at += order.length;
  }
  return { order: all, prefixes: keyPrefixes(pairs, all, depth) };
}

class Merger {
  /** Whether a key was met in both of two runs. */
  repeats = false;
  readonly #pairs: Pairs;

  constructor(pairs: Pairs) {
    this.#pairs = pairs;
  }

  /** Merges the runs `[start, middle)` and `[middle, end)` to the same places of `to`. */
  merge(from: PrefixedRuns, start: number, middle: number, end: number, to: PrefixedRuns): void {
    const { order: orderFrom, prefixes: prefixesFrom } = from;
    const { order, prefixes } = to;
    let i = start;
    let j = middle;
    let at = start;
    while (i < middle && j < end) {
      const difference = prefixesFrom[i] - prefixesFrom[j] || this.#compare(orderFrom[i], orderFrom[j]);
      const first = difference <= 0 ? i++ : j++;
      prefixes[at] = prefixesFrom[first];
      order[at++] = orderFrom[first];
    }
    order.set(orderFrom.subarray(i, middle), at);
    prefixes.set(prefixesFrom.subarray(i, middle), at);
    order.set(orderFrom.subarray(j, end), at + middle - i);
    prefixes.set(prefixesFrom.subarray(j, end), at + middle - i);
  }

  #compare(a: number, b: number): number {
    const { pool, keyStart, keyEnd } = this.#pairs;
    const difference = compareBytes(pool, keyStart[a], keyEnd[a], pool, keyStart[b], keyEnd[b]);
    if (difference === 0) this.repeats = true;
    return difference;
  }
}
