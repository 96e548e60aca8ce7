/** Makes buckets of `count` hashes. One whose bucket under `high` does not exist, which is one beyond `max`, goes by `low`. */
export function makeBuckets(hashes: u32, count: u32, max: u32, high: u32, low: u32): void {
  for (let at = hashes, end = hashes + (count << 2); at < end; at += 4) {
    const hash = load<u32>(at);
    const bucket = hash & high;
    store<u32>(at, bucket > max ? hash & low : bucket);
  }
}
