import { fourKeyLengths, fourKeys } from '../../assembly/gather';

const START: u32 = 5381;

/** Keys up to this length are hashed four at a time. */
const SHORT: u32 = 256;

/** cdb's hash of the keys `[from, to)` of a table, with a NUL behind each where `nul` is 1. Writes up to twelve bytes beyond the last one's. */
export function hashKeys(from: u32, to: u32, nul: u32, hashes: u32): void {
  const last = i32x4.splat(nul === 1 ? 33 : 1);
  for (let column = from << 2, end = to << 2; column < end; column += 16) {
    const four = hashFour(fourKeys(column, end), fourKeyLengths(column, end));
    v128.store(hashes + column, i32x4.mul(four, last));
  }
}

/**
 * The hashes of four keys that begin at these addresses, at the same time: each step of a hash waits for the one before. May read
 * some 250 bytes beyond a key.
 */
export function hashFour(from: v128, lengths: v128): v128 {
  const a = i32x4.extract_lane(from, 0);
  const b = i32x4.extract_lane(from, 1);
  const c = i32x4.extract_lane(from, 2);
  const d = i32x4.extract_lane(from, 3);
  const lengthA: u32 = i32x4.extract_lane(lengths, 0);
  const lengthB: u32 = i32x4.extract_lane(lengths, 1);
  const lengthC: u32 = i32x4.extract_lane(lengths, 2);
  const lengthD: u32 = i32x4.extract_lane(lengths, 3);
  const longest = max(max(lengthA, lengthB), max(lengthC, lengthD));
  if (longest > SHORT) {
    return i32x4(hashOne(a, lengthA), hashOne(b, lengthB), hashOne(c, lengthC), hashOne(d, lengthD));
  }
  const shortest = min(min(lengthA, lengthB), min(lengthC, lengthD));
  let hashes = i32x4.splat(START);
  let i: u32 = 0;
  for (; i + 4 <= shortest; i += 4) {
    let bytes = i32x4(load<i32>(a + i), load<i32>(b + i), load<i32>(c + i), load<i32>(d + i));
    for (let byte = 0; byte < 4; byte++) {
      hashes = hashOn(hashes, bytes);
      bytes = i32x4.shr_u(bytes, 8);
    }
  }
  let left = i32x4.sub(lengths, i32x4.splat(i));
  for (; i < longest; i += 4) {
    let bytes = i32x4(load<i32>(a + i), load<i32>(b + i), load<i32>(c + i), load<i32>(d + i));
    for (let byte = 0; byte < 4; byte++) {
      hashes = v128.bitselect(hashOn(hashes, bytes), hashes, i32x4.gt_s(left, i32x4.splat(0)));
      bytes = i32x4.shr_u(bytes, 8);
      left = i32x4.sub(left, i32x4.splat(1));
    }
  }
  return hashes;
}

/** Four hashes with the lowest bytes of four numbers added. */
function hashOn(hashes: v128, bytes: v128): v128 {
  return v128.xor(i32x4.add(hashes, i32x4.shl(hashes, 5)), v128.and(bytes, i32x4.splat(0xff)));
}

function hashOne(from: u32, length: u32): u32 {
  let hash = START;
  for (let at = from, end = from + length; at < end; at++) hash = (hash * 33) ^ load<u8>(at);
  return hash;
}

/** Adds to 256 numbers at `records`, one a hash table, the keys that go there. */
export function countByTable(hashes: u32, count: u32, records: u32): void {
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    const table = records + ((<u32>load<u8>(hashes + column)) << 2);
    store<u32>(table, load<u32>(table) + 1);
  }
}

/**
 * The slot that a lookup of each key begins with, to `slots`, counted through all tables: table `t` has twice as many as there are
 * records from number `starts[t]` to `starts[t + 1]`.
 */
export function numberSlots(hashes: u32, count: u32, starts: u32, slots: u32): void {
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    const hash = load<u32>(hashes + column);
    const table = starts + ((hash & 255) << 2);
    const before = load<u32>(table);
    const ofTable = (load<u32>(table, 4) - before) << 1;
    store<u32>(slots + column, (before << 1) + ((hash >> 8) % ofTable));
  }
}
