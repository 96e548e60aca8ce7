import { fourKeyLengths, fourKeys } from '../../assembly/gather';
import { sumFour } from '../../assembly/shifted-sum';

/** tdb's hash of the keys `[from, to)` of a table, with a NUL behind each where `nul` is 1. Writes up to twelve bytes beyond the last one's. */
export function hashKeys(from: u32, to: u32, nul: u32, hashes: u32): void {
  for (let column = from << 2, end = to << 2; column < end; column += 16) {
    v128.store(hashes + column, hashFour(fourKeys(column, end), fourKeyLengths(column, end), nul));
  }
}

/** The hashes of four keys, with `nul` NULs behind each. */
export function hashFour(from: v128, lengths: v128, nul: u32): v128 {
  const mixed = i32x4.mul(sumFour(from, lengths, nul, false), i32x4.splat(1103515243));
  return i32x4.add(mixed, i32x4.splat(12345));
}

/** The chain of each hash, to `chains`. */
export function chainsOf(hashes: u32, count: u32, hashSize: u32, chains: u32): void {
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    store<u32>(chains + column, load<u32>(hashes + column) % hashSize);
  }
}
