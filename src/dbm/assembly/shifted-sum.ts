/** Keys up to this length are added up four at a time. */
const SHORT: u32 = 256;
const LENGTH_FACTOR: u32 = 0x238f13af;

/**
 * What the hashes of gdbm and tdb begin with, of four keys that begin at these addresses, at the same time: for each, its length with
 * `nul` bytes more, times a factor, and its bytes, shifted. Bytes have a sign where `signed`. May read some 250 bytes beyond a key.
 */
export function sumFour(from: v128, lengths: v128, nul: u32, signed: bool): v128 {
  const a: u32 = i32x4.extract_lane(from, 0);
  const b: u32 = i32x4.extract_lane(from, 1);
  const c: u32 = i32x4.extract_lane(from, 2);
  const d: u32 = i32x4.extract_lane(from, 3);
  const lengthA: u32 = i32x4.extract_lane(lengths, 0);
  const lengthB: u32 = i32x4.extract_lane(lengths, 1);
  const lengthC: u32 = i32x4.extract_lane(lengths, 2);
  const lengthD: u32 = i32x4.extract_lane(lengths, 3);
  const longest = max(max(lengthA, lengthB), max(lengthC, lengthD));
  let sums = i32x4.mul(i32x4.add(lengths, i32x4.splat(nul)), i32x4.splat(LENGTH_FACTOR));
  if (longest > SHORT) {
    const bytes = i32x4(
      sumOf(a, lengthA, signed),
      sumOf(b, lengthB, signed),
      sumOf(c, lengthC, signed),
      sumOf(d, lengthD, signed),
    );
    return i32x4.add(sums, bytes);
  }
  const shortest = min(min(lengthA, lengthB), min(lengthC, lengthD));
  let shift: u32 = 0;
  let i: u32 = 0;
  for (; i + 4 <= shortest; i += 4) {
    let bytes = i32x4(load<i32>(a + i), load<i32>(b + i), load<i32>(c + i), load<i32>(d + i));
    for (let byte = 0; byte < 4; byte++) {
      sums = i32x4.add(sums, i32x4.shl(lowest(bytes, signed), shift));
      bytes = i32x4.shr_u(bytes, 8);
      shift = nextShift(shift);
    }
  }
  let left = i32x4.sub(lengths, i32x4.splat(i));
  for (; i < longest; i += 4) {
    let bytes = i32x4(load<i32>(a + i), load<i32>(b + i), load<i32>(c + i), load<i32>(d + i));
    for (let byte = 0; byte < 4; byte++) {
      const isThere = i32x4.gt_s(left, i32x4.splat(0));
      sums = i32x4.add(sums, v128.and(i32x4.shl(lowest(bytes, signed), shift), isThere));
      bytes = i32x4.shr_u(bytes, 8);
      left = i32x4.sub(left, i32x4.splat(1));
      shift = nextShift(shift);
    }
  }
  return sums;
}

/** The lowest byte of each of four numbers. */
function lowest(bytes: v128, signed: bool): v128 {
  return signed ? i32x4.shr_s(i32x4.shl(bytes, 24), 24) : v128.and(bytes, i32x4.splat(0xff));
}

function sumOf(from: u32, length: u32, signed: bool): u32 {
  let sum: u32 = 0;
  let shift: u32 = 0;
  for (let at = from, end = from + length; at < end; at++) {
    sum += (signed ? <u32>load<i8>(at) : <u32>load<u8>(at)) << shift;
    shift = nextShift(shift);
  }
  return sum;
}

function nextShift(shift: u32): u32 {
  return shift < 19 ? shift + 5 : shift - 19;
}
