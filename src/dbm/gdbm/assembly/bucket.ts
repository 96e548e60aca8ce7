import { hashOf, keyEnd, keyStart, valueEnd, valueStart } from '../../assembly/entry';

/** As in layout.ts. */
const ELEMENTS: u32 = 112;
const HASH = 0;
const KEY_START = 4;
const ADDRESS = 8;
const KEY_SIZE = 16;
const VALUE_SIZE = 20;
const SIZE: u32 = 24;
const EMPTY: u32 = 0xffffffff;

/** Puts an entry whose key begins at `address` in the file into the first free element of a bucket from its own on. */
export function putElement(place: u32, nul: u32, address: f64, bucket: u32, elements: u32): void {
  const first = bucket + ELEMENTS;
  const end = first + elements * SIZE;
  const hash = hashOf(place);
  let at = first + (hash % elements) * SIZE;
  while (load<u32>(at) !== EMPTY) {
    at += SIZE;
    if (at === end) at = first;
  }
  store<u32>(at, hash, HASH);
  store<u32>(at, shownOf(keyStart(place), keyEnd(place)), KEY_START);
  store<u64>(at, <u64>address, ADDRESS);
  store<u32>(at, keyEnd(place) - keyStart(place) + nul, KEY_SIZE);
  store<u32>(at, valueEnd(place) - valueStart(place) + nul, VALUE_SIZE);
}

/** Whether a lookup in a bucket meets an entry that begins at `address` in the file, with the lengths of its key and value. */
export function hasElement(place: u32, nul: u32, address: f64, bucket: u32, elements: u32): bool {
  const first = bucket + ELEMENTS;
  const end = first + elements * SIZE;
  const hash = hashOf(place);
  let at = first + (hash % elements) * SIZE;
  while (load<u64>(at, ADDRESS) !== <u64>address) {
    if (load<u32>(at) === EMPTY) return false;
    at += SIZE;
    if (at === end) at = first;
  }
  return (
    load<u32>(at, HASH) === hash &&
    load<u32>(at, KEY_START) === shownOf(keyStart(place), keyEnd(place)) &&
    load<u32>(at, KEY_SIZE) === keyEnd(place) - keyStart(place) + nul &&
    load<u32>(at, VALUE_SIZE) === valueEnd(place) - valueStart(place) + nul
  );
}

/** How many elements of a bucket have an entry. */
export function countElements(bucket: u32, elements: u32): u32 {
  let count: u32 = 0;
  const first = bucket + ELEMENTS;
  for (let at = first, end = first + elements * SIZE; at < end; at += SIZE) {
    count += <u32>(load<u32>(at) !== EMPTY);
  }
  return count;
}

/** The first four bytes of a key, with zeros behind a shorter one. */
function shownOf(start: u32, end: u32): u32 {
  const bytes = load<u32>(start);
  return end - start >= 4 ? bytes : bytes & ((1 << ((end - start) << 3)) - 1);
}
