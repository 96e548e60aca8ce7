import { firstByte, sameKeys } from './keys';

/** Entries whose keys are fetched at a time. */
const STRETCH: u32 = 64;

/** Means nothing; see `fetch`. */
export let touched: u32 = 0;

/**
 * Of entries in the order of their keys, whose numbers are at `order`, writes to `out` the places in `[from, to)` of those that have the
 * key of the one before; `out` has room for all, and one more.
 *
 * @param from 1 at least
 * @returns how many they are
 */
export function repeatedPlaces(order: u32, from: u32, to: u32, out: u32): u32 {
  let at = out;
  let before = load<u32>(order + ((from - 1) << 2));
  for (let place = from; place < to; place++) {
    if ((place - from) % STRETCH === 0) fetch(order + (place << 2), min(STRETCH, to - place));
    const entry = load<u32>(order + (place << 2));
    // Every place is stored, and the next one over it unless it counts: nothing to guess about.
    store<u32>(at, place);
    at += (<u32>sameKeys(before, entry)) << 2;
    before = entry;
  }
  return (at - out) >> 2;
}

/** Keys lie scattered: a loop that does nothing else waits for many of them at once. */
function fetch(order: u32, count: u32): void {
  let bytes: u32 = 0;
  for (let i: u32 = 0; i < count; i++) bytes ^= firstByte(load<u32>(order + (i << 2)));
  touched ^= bytes;
}
