import type { Pairs } from '../../dbm/pairs.ts';
import { RunSorter } from '../../dbm/sort-run.ts';
import { compareBytes } from './bytes.ts';
import { commonKeyBytes, keyPrefixes } from './key-prefixes.ts';
import { KeySorter } from './key-sorter.ts';

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
  const { order } = runInOrder(from, to, false);
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
  let pending = runs.length === 1 ? [] : prefixed(pairs, runs);
  if (pending.length === 0) return runs[0];
  const merger = new Merger(pairs);
  while (pending.length > 1) {
    const merged: PrefixedRun[] = [];
    for (let i = 0; i < pending.length; i += 2) {
      merged.push(i + 1 < pending.length ? merger.merge(pending[i], pending[i + 1]) : pending[i]);
    }
    pending = merged;
  }
  return { order: pending[0].order, repeats: merger.repeats || runs.some(({ repeats }) => repeats) };
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

/** A run, and for each of its entries a number that orders like the first bytes in which keys differ. */
interface PrefixedRun {
  readonly order: Uint32Array;
  readonly prefixes: Float64Array;
}

function prefixed(pairs: Pairs, runs: readonly Run[]): PrefixedRun[] {
  const ends = runs.flatMap(({ order }) => (order.length === 0 ? [] : [order[0], order[order.length - 1]]));
  const depth = commonKeyBytes(ends.map((entry) => ({ pairs, entry })));
  return runs.map(({ order }) => ({ order, prefixes: keyPrefixes(pairs, order, depth) }));
}

class Merger {
  /** Whether a key was met in both of two runs. */
  repeats = false;
  readonly #pairs: Pairs;

  constructor(pairs: Pairs) {
    this.#pairs = pairs;
  }

  merge(a: PrefixedRun, b: PrefixedRun): PrefixedRun {
    const count = a.order.length + b.order.length;
    const order = new Uint32Array(count);
    const prefixes = new Float64Array(count);
    const { order: orderA, prefixes: prefixesA } = a;
    const { order: orderB, prefixes: prefixesB } = b;
    let i = 0;
    let j = 0;
    let at = 0;
    while (i < orderA.length && j < orderB.length) {
      const difference = prefixesA[i] - prefixesB[j] || this.#compare(orderA[i], orderB[j]);
      if (difference <= 0) {
        prefixes[at] = prefixesA[i];
        order[at++] = orderA[i++];
      } else {
        prefixes[at] = prefixesB[j];
        order[at++] = orderB[j++];
      }
    }
    order.set(orderA.subarray(i), at);
    prefixes.set(prefixesA.subarray(i), at);
    order.set(orderB.subarray(j), at + orderA.length - i);
    prefixes.set(prefixesB.subarray(j), at + orderA.length - i);
    return { order, prefixes };
  }

  #compare(a: number, b: number): number {
    const { pool, keyStart, keyEnd } = this.#pairs;
    const difference = compareBytes(pool, keyStart[a], keyEnd[a], pool, keyStart[b], keyEnd[b]);
    if (difference === 0) this.repeats = true;
    return difference;
  }
}
