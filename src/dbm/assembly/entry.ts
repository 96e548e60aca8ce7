/**
 * What of an entry its bucket needs: the addresses of its key, of the key's end, of its value, of the value's end; the number by which
 * it is in its group, and its hash.
 */
export const PLACE: u32 = 24;
export const KEY_START = 0;
export const KEY_END = 4;
export const VALUE_START = 8;
export const VALUE_END = 12;
export const NUMBER = 16;
export const HASH = 20;

export function keyStart(place: u32): u32 {
  return load<u32>(place, KEY_START);
}

export function keyEnd(place: u32): u32 {
  return load<u32>(place, KEY_END);
}

export function valueStart(place: u32): u32 {
  return load<u32>(place, VALUE_START);
}

export function valueEnd(place: u32): u32 {
  return load<u32>(place, VALUE_END);
}

export function numberOf(place: u32): u32 {
  return load<u32>(place, NUMBER);
}

export function hashOf(place: u32): u32 {
  return load<u32>(place, HASH);
}

export function copyPlace(to: u32, from: u32): void {
  v128.store(to, v128.load(from));
  store<u64>(to, load<u64>(from, 16), 16);
}

/** Means nothing; see `fetchEntries`. */
export let touched: u32 = 0;

/**
 * Brings the bytes of entries into the processor's cache: they lie scattered, and a loop that does nothing else waits for many of them
 * at once. Of long ones only the first bytes.
 */
export function fetchEntries(places: u32, count: u32): void {
  let bytes: u32 = 0;
  for (let place = places, end = places + count * PLACE; place < end; place += PLACE) {
    bytes ^= load<u8>(keyStart(place)) ^ load<u8>(valueStart(place), 31);
  }
  touched ^= bytes;
}
