/** Makes buckets of `count` hashes. One whose bucket under `high` does not exist, which is one beyond `max`, goes by `low`. */
export function makeBuckets(hashes: u32, count: u32, max: u32, high: u32, low: u32): void {
  for (let at = hashes, end = hashes + (count << 2); at < end; at += 4) {
    const hash = load<u32>(at);
    const bucket = hash & high;
    store<u32>(at, bucket > max ? hash & low : bucket);
  }
}

/**
 * The numbers of those of the entries `[from, to)` whose bucket has a 1 at `wanted`, a byte a bucket, to `found`, which has room for all
 * and one.
 *
 * @returns how many these are
 */
export function entriesIn(buckets: u32, from: u32, to: u32, wanted: u32, found: u32): u32 {
  let at = found;
  for (let entry = from; entry < to; entry++) {
    store<u32>(at, entry);
    at += (<u32>load<u8>(wanted + load<u32>(buckets + (entry << 2)))) << 2;
  }
  return (at - found) >> 2;
}
