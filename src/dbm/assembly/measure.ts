/** Bytes of all items without a NUL, and the longest one, of two columns that tell where they begin and end. */
export function measureItems(starts: u32, ends: u32, count: u32): u64 {
  let sums = i64x2.splat(0);
  let most = i32x4.splat(0);
  for (let i: u32 = 0; i < count; i += 4) {
    const column = i << 2;
    const isThere = i32x4.gt_s(i32x4.splat(count - i), i32x4(0, 1, 2, 3));
    const lengths = v128.and(i32x4.sub(v128.load(ends + column), v128.load(starts + column)), isThere);
    sums = i64x2.add(sums, i64x2.extend_low_i32x4_u(lengths));
    sums = i64x2.add(sums, i64x2.extend_high_i32x4_u(lengths));
    most = i32x4.max_u(most, lengths);
  }
  const high = i32x4.max_u(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  longest = max<u32>(i32x4.extract_lane(high, 0), i32x4.extract_lane(high, 1));
  return i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1);
}

let longest: u32 = 0;

/** The longest item that `measureItems` met. */
export function longestItem(): u32 {
  return longest;
}
