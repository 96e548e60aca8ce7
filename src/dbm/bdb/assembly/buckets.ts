/**
 * The bucket of each hash, to `buckets`. A hash whose bucket under `high` does not exist, which is one beyond `max`, goes by `low`.
 */
export function bucketsOf(hashes: u32, count: u32, max: u32, high: u32, low: u32, buckets: u32): void {
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    store<u32>(buckets + column, bucketOf(load<u32>(hashes + column), max, high, low));
  }
}

/**
 * The numbers of the entries `[from, to)` whose bucket has a 1 at `wanted`, a byte a bucket, to `chosen`, which has room for all and one.
 *
 * @returns how many these are
 */
export function entriesIn(
  hashes: u32,
  from: u32,
  to: u32,
  max: u32,
  high: u32,
  low: u32,
  wanted: u32,
  chosen: u32,
): u32 {
  let at = chosen;
  for (let entry = from; entry < to; entry++) {
    store<u32>(at, entry);
    at += (<u32>load<u8>(wanted + bucketOf(load<u32>(hashes + (entry << 2)), max, high, low))) << 2;
  }
  return (at - chosen) >> 2;
}

function bucketOf(hash: u32, max: u32, high: u32, low: u32): u32 {
  const bucket = hash & high;
  return bucket > max ? bucket & low : bucket;
}
