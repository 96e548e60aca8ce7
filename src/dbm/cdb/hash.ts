import type { Pairs } from '../pairs.ts';
import { HASH_START } from './layout.ts';

/** cdb's hash of `bytes[start, end)`. An unsigned 32-bit number. */
export function hashKey(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_START;
  for (let i = start; i < end; i++) hash = Math.imul(hash, 33) ^ bytes[i];
  return hash >>> 0;
}

/** The hashes of the keys of `order`'s entries, in that order, with a NUL behind each key where `terminated`. */
export function hashKeys(pairs: Pairs, order: Uint32Array, terminated: boolean): Uint32Array {
  const { pool, keyStart, keyEnd } = pairs;
  const hashes = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const entry = order[i];
    const hash = hashKey(pool, keyStart[entry], keyEnd[entry]);
    hashes[i] = terminated ? Math.imul(hash, 33) : hash;
  }
  return hashes;
}
