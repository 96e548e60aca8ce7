import { fetch, STRETCH } from './fetch';

/** Sets the bit that ASCII letters in lower case have and those in upper case have not. */
const LOWER: u64 = ((<u64>0x20202020) << 32) | 0x20202020;

/**
 * Writes a number for each of `count` texts to `out`: the same for texts that are the same but for the case of ASCII letters, and
 * for hardly any others. The first text's numbers are at `starts` and `ends`; they are offsets from `base`. May read up to seven
 * bytes beyond a text.
 */
export function hashTexts(base: u32, starts: u32, ends: u32, count: u32, out: u32): void {
  let last: u32 = 0;
  let lastEnd: u32 = 0;
  let hash = hashOf(base, 0);
  for (let i: u32 = 0; i < count; i++) {
    const column = i << 2;
    if (i % STRETCH === 0) fetch(base, starts + column, min(STRETCH, count - i));
    const start = load<u32>(starts + column);
    const end = load<u32>(ends + column);
    // Neighbours share a value more often than not.
    if (start !== last || end !== lastEnd) {
      last = start;
      lastEnd = end;
      hash = hashOf(base + start, end - start);
    }
    store<u32>(out + column, hash);
  }
}

/** The number of one text, which is at an address. */
export function hashOf(address: u32, length: u32): u32 {
  let hash: u64 = length;
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) hash = mixed(hash, load<u64>(address + i));
  if (i < length) hash = mixed(hash, load<u64>(address + i) << ((8 - (length - i)) << 3));
  return <u32>((hash * PRIME) >> 32);
}

const PRIME: u64 = ((<u64>0x9e3779b9) << 32) | 0x7f4a7c15;

function mixed(hash: u64, bytes: u64): u64 {
  const product = (hash ^ (bytes | LOWER)) * PRIME;
  return product ^ (product >> 32);
}
