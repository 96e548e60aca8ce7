import type { Pairs } from '../pairs.ts';

const PRIME = 0x01000193;

/** Berkeley DB's hash of `bytes[start, end)`, with a NUL behind them where `terminated`. An unsigned 32-bit number. */
export function hashKey(bytes: Uint8Array, start: number, end: number, terminated: boolean): number {
  let hash = 0;
  for (let i = start; i < end; i++) hash = Math.imul(hash, PRIME) ^ bytes[i];
  return (terminated ? Math.imul(hash, PRIME) : hash) >>> 0;
}

/** The hashes of all keys. */
export function hashKeys(pairs: Pairs, terminated: boolean): Uint32Array {
  const { count, pool, keyStart, keyEnd } = pairs;
  const hashes = new Uint32Array(count);
  const last = terminated ? PRIME : 1;
  for (let i = 0; i < count; i++) {
    let hash = 0;
    for (let at = keyStart[i], end = keyEnd[i]; at < end; at++) {
      hash = Math.imul(hash, PRIME) ^ pool[at];
    }
    hashes[i] = Math.imul(hash, last);
  }
  return hashes;
}
