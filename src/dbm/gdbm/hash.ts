import type { Pairs } from '../pairs.ts';
import { inStretches } from '../stretches.ts';

/**
 * gdbm's hash of `bytes[start, end)`, with a NUL behind them where `terminated`: a number of 31 bits. gdbm adds up C's
 * `char`, whose sign differs between machines; this is the one with a sign, as on x86, where it matters from byte 128 on.
 */
export function hashKey(bytes: Uint8Array, start: number, end: number, terminated: boolean): number {
  let hash = Math.imul(0x238f13af, end - start + (terminated ? 1 : 0));
  let shift = 0;
  for (let i = start; i < end; i++) {
    hash = (hash + (((bytes[i] << 24) >> 24) << shift)) | 0;
    shift += 5;
    if (shift >= 24) shift -= 24;
  }
  return (Math.imul(1103515243, hash & 0x7fffffff) + 12345) & 0x7fffffff;
}

/** The hashes of all keys. */
export function hashKeys(pairs: Pairs, terminated: boolean): Uint32Array {
  const { count, pool, keyStart, keyEnd } = pairs;
  const hashes = new Uint32Array(count);
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) hashes[i] = hashKey(pool, keyStart[i], keyEnd[i], terminated);
  });
  return hashes;
}
