import type { Pairs } from './pairs.ts';

/** Entries that are fetched together: few enough that all are still in the cache when the last one is used. */
export const AHEAD = 64;

/** Keeps what was read, so that the reading isn't optimised away. */
const seen = new Float64Array(1);

/**
 * Reads a byte of the key and of the value of the entries `order[from]` to `order[from + AHEAD - 1]`. Where entries lie
 * scattered in memory, the processor so fetches many of them at a time; a loop that copies or compares them waits for each.
 */
export function readAhead(pairs: Pairs, order: Uint32Array, from: number): void {
  const { pool, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  const to = Math.min(from + AHEAD, order.length);
  let sum = 0;
  for (let i = from; i < to; i++) {
    const entry = order[i];
    sum += keyEnd[entry] + valueEnd[entry];
    if (keyStart[entry] < pool.length) sum += pool[keyStart[entry]];
    if (valueStart[entry] < pool.length) sum += pool[valueStart[entry]];
  }
  seen[0] = sum;
}
