import type { Pairs } from '../pairs.ts';
import { inStretches } from '../stretches.ts';

/** Numbers that tell where an entry is in the pool: the columns of `Pairs`, side by side. */
export const PLACE = 4;

/**
 * Where the entries are, grouped by bucket: entry `i` of bucket `b` has the numbers from `PLACE * (start[b] + i)` on in
 * `places`. Side by side, because one after the other entries are nowhere near each other in the columns.
 */
export interface Scattered {
  readonly start: Uint32Array;
  readonly places: Uint32Array;
}

/** A counting sort by bucket; within a bucket the table's order stays. A hash whose bucket under `highMask` does not exist goes by `lowMask`. */
export function scatter(
  pairs: Pairs,
  hashes: Uint32Array,
  maxBucket: number,
  highMask: number,
  lowMask: number,
): Scattered {
  const { count, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  const next = new Uint32Array(maxBucket + 2);
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) {
      const bucket = (hashes[i] & highMask) >>> 0;
      next[bucket > maxBucket ? bucket & lowMask : bucket]++;
    }
  });
  let sum = 0;
  for (let bucket = 0; bucket < next.length; bucket++) {
    const size = next[bucket];
    next[bucket] = sum;
    sum += size;
  }
  const start = next.slice();
  const places = new Uint32Array(PLACE * count);
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) {
      const bucket = (hashes[i] & highMask) >>> 0;
      const at = PLACE * next[bucket > maxBucket ? bucket & lowMask : bucket]++;
      places[at] = keyStart[i];
      places[at + 1] = keyEnd[i];
      places[at + 2] = valueStart[i];
      places[at + 3] = valueEnd[i];
    }
  });
  return { start, places };
}

interface Remembered extends Scattered {
  readonly terminated: boolean;
}

const remembered = new WeakMap<Pairs, Remembered>();

/** Keeps what a writer has worked out, each bucket's entries in the order of their keys, for reading the table back. */
export function remember(pairs: Pairs, terminated: boolean, { start, places }: Scattered): void {
  remembered.set(pairs, { start, places, terminated });
}

/** What was remembered for a power of two of buckets, if anything was. */
export function recall(pairs: Pairs, terminated: boolean, buckets: number): Scattered | undefined {
  const found = remembered.get(pairs);
  return found?.terminated === terminated && found.start.length === buckets + 1 ? found : undefined;
}
