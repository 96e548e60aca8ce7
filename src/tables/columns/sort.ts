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

/**
 * Puts the entries with one key, in the order of the keys, into the order of a precedence.
 *
 * @param places as `repeatedPlaces` gives them
 */
export function settleTies(order: Uint32Array, places: Uint32Array, precedence: Precedence): void {
  for (let i = 0; i < places.length; ) {
    const first = places[i] - 1;
    let end = first + 1;
    while (places[i] === end) {
      end++;
      i++;
    }
    order.subarray(first, end).sort(precedence);
  }
}

/** The byte order of two entries' values. */
export function compareValues(pairs: Pairs, a: number, b: number): number {
  const { pool, valueStart, valueEnd } = pairs;
  return compareBytes(pool, valueStart[a], valueEnd[a], pool, valueStart[b], valueEnd[b]);
}
