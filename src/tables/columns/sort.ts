import type { Pairs } from '../../dbm/pairs.ts';
import { compareBytes } from './bytes.ts';
import { mergeRuns, type Run, runsOf } from './runs.ts';

/** Orders two entries with the same key: the one that wins is the lesser. */
export type Precedence = (a: number, b: number) => number;

/** All entries as one run. @param runs the first entries, sorted before */
export function sorted(pairs: Pairs, runs: readonly Run[] = []): Run {
  const before = runs.reduce((sum, { order }) => sum + order.length, 0);
  return mergeRuns(pairs, [...runs, ...runsOf(pairs, before, pairs.count)]);
}

/** Puts the entries with one key, in the order of the keys, into the order of a precedence. */
export function settleTies(pairs: Pairs, order: Uint32Array, precedence: Precedence): void {
  const { pool, keyStart, keyEnd } = pairs;
  let first = 0;
  for (let i = 1; i <= order.length; i++) {
    const a = order[first];
    const b = order[i];
    const same =
      i < order.length && compareBytes(pool, keyStart[a], keyEnd[a], pool, keyStart[b], keyEnd[b]) === 0;
    if (same) continue;
    if (i - first > 1) order.subarray(first, i).sort(precedence);
    first = i;
  }
}

/** The byte order of two entries' values. */
export function compareValues(pairs: Pairs, a: number, b: number): number {
  const { pool, valueStart, valueEnd } = pairs;
  return compareBytes(pool, valueStart[a], valueEnd[a], pool, valueStart[b], valueEnd[b]);
}
