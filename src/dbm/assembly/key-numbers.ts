import { commonPrefix } from './bytes';
import { keyEnd, keyStart, PLACE } from './entry';
import { key, keyLength } from './gather';

/** Whether the keys `[from, to)` come in the order of their bytes: each behind the one before, where there is one. */
export function areSorted(from: u32, to: u32): bool {
  for (let i = max<u32>(from, 1); i < to; i++) {
    const column = i << 2;
    const length = keyLength(column - 4);
    const next = keyLength(column);
    const shorter = min(length, next);
    const common = commonPrefix(key(column - 4), key(column), shorter);
    const isLess =
      common < shorter ? load<u8>(key(column - 4) + common) < load<u8>(key(column) + common) : length < next;
    if (!isLess) return false;
  }
  return true;
}

/** How many bytes, `most` at most, the keys `[from, to)` begin with in common with the table's first one. */
export function commonDepth(from: u32, to: u32, most: u32): u32 {
  let common = most;
  for (let column = from << 2, end = to << 2; column < end && common > 0; column += 4) {
    common = commonPrefix(key(0), key(column), min(common, keyLength(column)));
  }
  return common;
}

/** A splitter: sixteen bytes of a key behind those that all begin with, as two numbers in the keys' order. */
const SPLITTER: u32 = 16;

/** Takes a splitter for the beginning of each but the first of `buckets` equal parts of the keys in `places`, which are in order. */
export function takeSplitters(places: u32, count: u32, buckets: u32, depth: u32, splitters: u32): void {
  let at = splitters;
  for (let bucket: u32 = 1; bucket < buckets; bucket++, at += SPLITTER) {
    const place = places + <u32>((<u64>bucket * count) / buckets) * PLACE;
    const length = keyEnd(place) - keyStart(place);
    store<u64>(at, wordOf(keyStart(place), length, depth));
    store<u64>(at, wordOf(keyStart(place), length, depth + 8), 8);
  }
}

/**
 * Numbers of the keys `[from, to)` that are in their order: how many of the `2 ** levels - 1` splitters, which are in it, too, are not
 * above a key. Four keys at a time: each step of a search waits for the one before.
 */
export function numberKeys(from: u32, to: u32, depth: u32, splitters: u32, levels: u32, numbers: u32): void {
  const first: u32 = (1 << levels) >> 1;
  const last = (to - 1) << 2;
  for (let a = from << 2; a <= last; a += 16) {
    const b = min(a + 4, last);
    const c = min(a + 8, last);
    const d = min(a + 12, last);
    const highA = wordOf(key(a), keyLength(a), depth);
    const highB = wordOf(key(b), keyLength(b), depth);
    const highC = wordOf(key(c), keyLength(c), depth);
    const highD = wordOf(key(d), keyLength(d), depth);
    const lowA = wordOf(key(a), keyLength(a), depth + 8);
    const lowB = wordOf(key(b), keyLength(b), depth + 8);
    const lowC = wordOf(key(c), keyLength(c), depth + 8);
    const lowD = wordOf(key(d), keyLength(d), depth + 8);
    let belowA: u32 = 0;
    let belowB: u32 = 0;
    let belowC: u32 = 0;
    let belowD: u32 = 0;
    for (let step = first; step > 0; step >>= 1) {
      const at = splitters + (step - 1) * SPLITTER;
      belowA += step & notAbove(at + belowA * SPLITTER, highA, lowA);
      belowB += step & notAbove(at + belowB * SPLITTER, highB, lowB);
      belowC += step & notAbove(at + belowC * SPLITTER, highC, lowC);
      belowD += step & notAbove(at + belowD * SPLITTER, highD, lowD);
    }
    store<u32>(numbers + a, belowA);
    store<u32>(numbers + b, belowB);
    store<u32>(numbers + c, belowC);
    store<u32>(numbers + d, belowD);
  }
}

/** All bits where a splitter is not above a key's two numbers, and no bit where it is. */
function notAbove(splitter: u32, high: u64, low: u64): u32 {
  const splitterHigh = load<u64>(splitter);
  const isBefore = <u32>(splitterHigh < high);
  const isSame = <u32>(splitterHigh === high) & <u32>(load<u64>(splitter, 8) <= low);
  return -(isBefore | isSame);
}

/** Eight bytes of a key from byte `from` on as a number, with zeros for those that it does not have. */
function wordOf(start: u32, length: u32, from: u32): u64 {
  if (from >= length) return 0;
  const left = length - from;
  const bytes = bswap<u64>(load<u64>(start + from));
  return left >= 8 ? bytes : bytes & ~(~(<u64>0) >> ((<u64>left) << 3));
}
