import type { Pairs } from '../pairs.ts';

/** Entries grouped by bucket: those of bucket `b` are `entries[start[b], start[b + 1])`. */
export interface Scattered {
  readonly start: Uint32Array;
  readonly entries: Uint32Array;
}

/** A counting sort by bucket; within a bucket the table's order stays. A hash whose bucket under `highMask` does not exist goes by `lowMask`. */
export function scatter(
  hashes: Uint32Array,
  maxBucket: number,
  highMask: number,
  lowMask: number,
): Scattered {
  const next = new Uint32Array(maxBucket + 2);
  for (let i = 0; i < hashes.length; i++) {
    const bucket = (hashes[i] & highMask) >>> 0;
    next[bucket > maxBucket ? bucket & lowMask : bucket]++;
  }
  let sum = 0;
  for (let bucket = 0; bucket < next.length; bucket++) {
    const count = next[bucket];
    next[bucket] = sum;
    sum += count;
  }
  const start = next.slice();
  const entries = new Uint32Array(hashes.length);
  for (let i = 0; i < hashes.length; i++) {
    const bucket = (hashes[i] & highMask) >>> 0;
    entries[next[bucket > maxBucket ? bucket & lowMask : bucket]++] = i;
  }
  return { start, entries };
}

interface Remembered extends Scattered {
  readonly terminated: boolean;
}

const remembered = new WeakMap<Pairs, Remembered>();

/** Keeps what a writer has worked out, each bucket's entries in the order of their keys, for reading the table back. */
export function remember(pairs: Pairs, terminated: boolean, { start, entries }: Scattered): void {
  remembered.set(pairs, { start, entries, terminated });
}

/** What was remembered for a power of two of buckets, if anything was. */
export function recall(pairs: Pairs, terminated: boolean, buckets: number): Scattered | undefined {
  const found = remembered.get(pairs);
  return found?.terminated === terminated && found.start.length === buckets + 1 ? found : undefined;
}
