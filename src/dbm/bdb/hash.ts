import type { Pairs } from '../pairs.ts';

const PRIME = 0x01000193;

/** Berkeley DB's hash of `bytes[start, end)`, with a NUL behind them where `terminated`. An unsigned 32-bit number. */
export function hashKey(bytes: Uint8Array, start: number, end: number, terminated: boolean): number {
  const hash = hashOn(0, bytes, start, end);
  return (terminated ? Math.imul(hash, PRIME) : hash) >>> 0;
}

/** The hashes of all keys. Each step of one waits for the step before, so four keys go side by side. */
export function hashKeys(pairs: Pairs, terminated: boolean): Uint32Array {
  const { count, pool, keyStart, keyEnd } = pairs;
  const hashes = new Uint32Array(count);
  const last = terminated ? PRIME : 1;
  const fours = count & ~3;
  for (let i = 0; i < fours; i += 4) {
    let at0 = keyStart[i];
    let at1 = keyStart[i + 1];
    let at2 = keyStart[i + 2];
    let at3 = keyStart[i + 3];
    const end0 = keyEnd[i];
    const end1 = keyEnd[i + 1];
    const end2 = keyEnd[i + 2];
    const end3 = keyEnd[i + 3];
    const together = at0 + Math.min(end0 - at0, end1 - at1, end2 - at2, end3 - at3);
    let hash0 = 0;
    let hash1 = 0;
    let hash2 = 0;
    let hash3 = 0;
    while (at0 < together) {
      hash0 = Math.imul(hash0, PRIME) ^ pool[at0++];
      hash1 = Math.imul(hash1, PRIME) ^ pool[at1++];
      hash2 = Math.imul(hash2, PRIME) ^ pool[at2++];
      hash3 = Math.imul(hash3, PRIME) ^ pool[at3++];
    }
    hashes[i] = Math.imul(hashOn(hash0, pool, at0, end0), last);
    hashes[i + 1] = Math.imul(hashOn(hash1, pool, at1, end1), last);
    hashes[i + 2] = Math.imul(hashOn(hash2, pool, at2, end2), last);
    hashes[i + 3] = Math.imul(hashOn(hash3, pool, at3, end3), last);
  }
  for (let i = fours; i < count; i++) hashes[i] = hashKey(pool, keyStart[i], keyEnd[i], terminated);
  return hashes;
}

function hashOn(hash: number, bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) hash = Math.imul(hash, PRIME) ^ bytes[i];
  return hash;
}
