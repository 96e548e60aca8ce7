/**
 * The bucket of each hash, to `buckets`. A hash whose bucket under `high` does not exist, which is one beyond `max`, goes by `low`.
 */
export function bucketsOf(hashes: u32, count: u32, max: u32, high: u32, low: u32, buckets: u32): void {
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    const hash = load<u32>(hashes + column);
    const bucket = hash & high;
    store<u32>(buckets + column, bucket > max ? bucket & low : bucket);
  }
}
