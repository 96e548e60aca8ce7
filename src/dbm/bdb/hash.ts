import type { Pairs } from '../pairs.ts';
import { inStretches } from '../stretches.ts';

/** Each byte of a key goes into its hash as `Math.imul(hash, HASH_PRIME) ^ byte`, beginning with 0. */
export const HASH_PRIME = 0x01000193;

/** Berkeley DB's hash of `bytes[start, end)`, with a NUL behind them where `terminated`. An unsigned 32-bit number. */
export function hashKey(bytes: Uint8Array, start: number, end: number, terminated: boolean): number {
  const hash = hashOn(0, bytes, start, end);
  return (terminated ? Math.imul(hash, HASH_PRIME) : hash) >>> 0;
}

/** The hashes of all keys. */
export function hashKeys(pairs: Pairs, terminated: boolean): Uint32Array {
  const { count, pool, keyStart, keyEnd, keyHash } = pairs;
  if (keyHash !== undefined && !terminated) return keyHash;
  const hashes = new Uint32Array(count);
  const last = terminated ? HASH_PRIME : 1;
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) {
      const hash = keyHash === undefined ? hashOn(0, pool, keyStart[i], keyEnd[i]) : keyHash[i];
      hashes[i] = Math.imul(hash, last);
    }
  });
  return hashes;
}

/** Goes on hashing with `bytes[start, end)`. */
export function hashOn(hash: number, bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) hash = Math.imul(hash, HASH_PRIME) ^ bytes[i];
  return hash;
}
