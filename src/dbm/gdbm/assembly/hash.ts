import { fourKeyLengths, fourKeys } from '../../assembly/gather';
import { sumFour } from '../../assembly/shifted-sum';

export const BITS: u32 = 31;

/** gdbm's hash of the keys `[from, to)` of a table, with a NUL behind each where `nul` is 1. Writes up to twelve bytes beyond the last one's. */
export function hashKeys(from: u32, to: u32, nul: u32, hashes: u32): void {
  for (let column = from << 2, end = to << 2; column < end; column += 16) {
    v128.store(hashes + column, hashFour(fourKeys(column, end), fourKeyLengths(column, end), nul));
  }
}

/** The hashes of four keys, with `nul` NULs behind each. */
export function hashFour(from: v128, lengths: v128, nul: u32): v128 {
  const positive = i32x4.splat(0x7fffffff);
  const mixed = i32x4.mul(v128.and(sumFour(from, lengths, nul, true), positive), i32x4.splat(1103515243));
  return v128.and(i32x4.add(mixed, i32x4.splat(12345)), positive);
}

/** Counts hashes by their first `bits` bits: number `p + 1` at `before` is of those that begin with `p`. */
export function countPrefixes(hashes: u32, count: u32, bits: u32, before: u32): void {
  const shift = BITS - bits;
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    const prefix = before + ((load<u32>(hashes + column) >> shift) << 2);
    store<u32>(prefix, load<u32>(prefix, 4) + 1, 4);
  }
}

/** Makes of these counts how many hashes begin with less than `p`, as number `p`; the last one is `2 ** bits`. */
export function sumPrefixes(bits: u32, before: u32): void {
  let sum: u32 = 0;
  for (let at = before, end = before + (4 << bits); at <= end; at += 4) {
    sum += load<u32>(at);
    store<u32>(at, sum);
  }
}
