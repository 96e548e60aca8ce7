const PRIME: u32 = 0x01000193;
/** Keys whose bytes are fetched at a time, and bytes in which so many lie when they are side by side. */
const STRETCH: u32 = 64;
const SIDE_BY_SIDE: u32 = 1 << 14;

/** Means nothing; see `fetch`. */
export let touched: u32 = 0;

/**
 * libdb's hash of `count` keys, which are at `base` and the offsets in the columns `starts` and `ends`; with a NUL behind each
 * where `nul` is 1. Four at a time: each step of a hash waits for the one before.
 */
export function hashKeys(base: u32, starts: u32, ends: u32, count: u32, nul: u32, hashes: u32): void {
  const last: u32 = nul === 1 ? PRIME : 1;
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) {
    const at = i << 2;
    if (i % STRETCH === 0) fetch(base, starts + at, min(STRETCH, count - i));
    let a = base + load<u32>(starts + at);
    let b = base + load<u32>(starts + at, 4);
    let c = base + load<u32>(starts + at, 8);
    let d = base + load<u32>(starts + at, 12);
    const endA = base + load<u32>(ends + at);
    const endB = base + load<u32>(ends + at, 4);
    const endC = base + load<u32>(ends + at, 8);
    const endD = base + load<u32>(ends + at, 12);
    const together = a + min(min(endA - a, endB - b), min(endC - c, endD - d));
    let hashA: u32 = 0;
    let hashB: u32 = 0;
    let hashC: u32 = 0;
    let hashD: u32 = 0;
    while (a < together) {
      hashA = (hashA * PRIME) ^ load<u8>(a++);
      hashB = (hashB * PRIME) ^ load<u8>(b++);
      hashC = (hashC * PRIME) ^ load<u8>(c++);
      hashD = (hashD * PRIME) ^ load<u8>(d++);
    }
    // Where some have ended: no step depends on which, so that the processor need not guess the end of each.
    while (<i32>(a < endA) | <i32>(b < endB) | <i32>(c < endC) | <i32>(d < endD)) {
      hashA = select((hashA * PRIME) ^ load<u8>(a), hashA, a < endA);
      hashB = select((hashB * PRIME) ^ load<u8>(b), hashB, b < endB);
      hashC = select((hashC * PRIME) ^ load<u8>(c), hashC, c < endC);
      hashD = select((hashD * PRIME) ^ load<u8>(d), hashD, d < endD);
      a += <u32>(a < endA);
      b += <u32>(b < endB);
      c += <u32>(c < endC);
      d += <u32>(d < endD);
    }
    store<u32>(hashes + at, hashA * last);
    store<u32>(hashes + at, hashB * last, 4);
    store<u32>(hashes + at, hashC * last, 8);
    store<u32>(hashes + at, hashD * last, 12);
  }
  for (; i < count; i++) {
    const at = i << 2;
    const hash = hashOn(0, base + load<u32>(starts + at), base + load<u32>(ends + at));
    store<u32>(hashes + at, hash * last);
  }
}

/** Where keys lie scattered, a loop that does nothing else waits for many of them at once. */
function fetch(base: u32, starts: u32, count: u32): void {
  if (load<u32>(starts + ((count - 1) << 2)) - load<u32>(starts) < SIDE_BY_SIDE) return;
  let bytes: u32 = 0;
  for (let column: u32 = 0; column < count << 2; column += 4)
    bytes ^= load<u8>(base + load<u32>(starts + column));
  touched ^= bytes;
}

function hashOn(hash: u32, from: u32, to: u32): u32 {
  for (let at = from; at < to; at++) hash = (hash * PRIME) ^ load<u8>(at);
  return hash;
}
