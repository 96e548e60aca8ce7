import type { Pairs } from '../pairs.ts';
import { inStretches } from '../stretches.ts';
import { HASH_START } from './layout.ts';

/** cdb's hash of `bytes[start, end)`. An unsigned 32-bit number. */
export function hashKey(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_START;
  for (let i = start; i < end; i++) hash = Math.imul(hash, 33) ^ bytes[i];
  return hash >>> 0;
}

/** The hashes of all keys, with a NUL behind each where `terminated`. */
export function hashKeys(pairs: Pairs, terminated: boolean): Uint32Array {
  const { count, pool, keyStart, keyEnd } = pairs;
  const hashes = new Uint32Array(count);
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) {
      const hash = hashKey(pool, keyStart[i], keyEnd[i]);
      hashes[i] = terminated ? Math.imul(hash, 33) : hash;
    }
  });
  return hashes;
}
