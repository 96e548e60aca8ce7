/** How many bytes `copyLoosely` may read and write beyond the end. */
export const LOOSE: u32 = 32;

/** Copies `length` bytes and some more, which the caller writes later: most keys and values take two steps. */
export function copyLoosely(to: u32, from: u32, length: u32): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  for (let i: u32 = 32; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}

/** Whether `length` bytes at `a` and at `b` are the same; may read up to seven beyond. */
export function same(a: u32, b: u32, length: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(a + i) !== load<u64>(b + i)) return false;
  if (i === length) return true;
  return (load<u64>(a + i) ^ load<u64>(b + i)) << ((8 - (length - i)) << 3) === 0;
}

/** How many of the first `length` bytes at `a` and at `b` are the same before two differ. */
export function commonPrefix(a: u32, b: u32, length: u32): u32 {
  for (let i: u32 = 0; i < length; i += 8) {
    const different = load<u64>(a + i) ^ load<u64>(b + i);
    if (different !== 0) return min(length, i + (<u32>ctz(different) >> 3));
  }
  return length;
}

/** Bytes that the processor takes from memory at a time. */
const LINE: u32 = 64;

/**
 * Has the processor fetch what is about to be read: it waits for many lines at once here, where a loop in which each step
 * depends on what the one before has read waits for one after the other. What is fetched must have room in the cache.
 */
export function fetch(from: u32, to: u32): void {
  for (let at = from; at < to; at += LINE) load<u8>(at);
}
