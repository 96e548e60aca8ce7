/** A Bloom filter: each hash sets four bits in one of `words` words of eight bytes at `filter`. */
export function addToFilter(hashes: u32, count: u32, filter: u32, words: u32): void {
  for (let at = hashes, end = hashes + (count << 2); at < end; at += 4) {
    const hash = load<u32>(at);
    const word = wordOf(hash, filter, words);
    store<u64>(word, load<u64>(word) | bitsOf(hash));
  }
}

/**
 * Writes to `out` which of some hashes may have been added, and returns how many: of `count`, whose numbers count from `first`.
 * One number more may be written.
 */
export function chooseByFilter(hashes: u32, first: u32, count: u32, filter: u32, words: u32, out: u32): u32 {
  let at = out;
  for (let i: u32 = 0; i < count; i++) {
    const hash = load<u32>(hashes + (i << 2));
    const bits = bitsOf(hash);
    store<u32>(at, first + i);
    at += (<u32>((load<u64>(wordOf(hash, filter, words)) & bits) === bits)) << 2;
  }
  return (at - out) >> 2;
}

/** By the upper bits of a hash. */
function wordOf(hash: u32, filter: u32, words: u32): u32 {
  return filter + ((<u32>((<u64>hash * words) >> 32)) << 3);
}

/** Mixed once more, so that the word that a hash has does not tell them. */
function bitsOf(hash: u32): u64 {
  const mixed = <u64>hash * (((<u64>0x9e3779b9) << 32) | 0x7f4a7c15);
  return (
    ((<u64>1) << ((mixed >> 32) & 63)) |
    ((<u64>1) << ((mixed >> 38) & 63)) |
    ((<u64>1) << ((mixed >> 44) & 63)) |
    ((<u64>1) << ((mixed >> 50) & 63))
  );
}
