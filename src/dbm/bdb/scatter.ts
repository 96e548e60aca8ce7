/** Entries grouped by bucket: those of bucket `b` are `entries[start[b], start[b + 1])`, in the table's order. */
export interface Scattered {
  readonly start: Uint32Array;
  readonly entries: Uint32Array;
}

/** A counting sort by bucket. A hash whose bucket under `highMask` does not exist goes by `lowMask`. */
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
