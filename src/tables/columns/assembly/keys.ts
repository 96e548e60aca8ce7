import { commonPrefix, same } from '../../../dbm/assembly/bytes';
import { KEY_END, KEY_START, PLACE } from '../../../dbm/assembly/entry';

/** Where the keys of some entries are: offsets from `base`, each entry's `stride` bytes behind those of the one before. */
let base: u32 = 0;
let starts: u32 = 0;
let ends: u32 = 0;
let stride: u32 = 4;

/** The keys are those of a table, whose entries have numbers in columns. */
export function setKeys(pool: u32, keyStarts: u32, keyEnds: u32): void {
  base = pool;
  starts = keyStarts;
  ends = keyEnds;
  stride = 4;
}

/** The keys are those of the places at an address, which are numbered from there on. */
export function setPlaces(places: u32): void {
  base = 0;
  starts = places + KEY_START;
  ends = places + KEY_END;
  stride = PLACE;
}

export function keyLength(entry: u32): u32 {
  return load<u32>(ends + entry * stride) - load<u32>(starts + entry * stride);
}

function keyAt(entry: u32): u32 {
  return base + load<u32>(starts + entry * stride);
}

/** What is at the beginning of a key; anything of one without bytes. */
export function firstByte(entry: u32): u32 {
  return load<u8>(keyAt(entry));
}

export function sameKeys(a: u32, b: u32): bool {
  const length = keyLength(a);
  return length === keyLength(b) && same(keyAt(a), keyAt(b), length);
}

/** Eight bytes of a key from byte `depth` on, which it has or ends before, as a number, with zeros for those that it does not have. */
export function wordOf(entry: u32, depth: u32): u64 {
  const left = keyLength(entry) - depth;
  const bytes = bswap<u64>(load<u64>(keyAt(entry) + depth));
  const missing = select<u64>(0, ~(<u64>0) >> ((<u64>left) << 3), left >= 8);
  return bytes & ~missing;
}

/** In how many bytes two keys agree behind the first `depth`, which they both have. */
export function commonBytes(a: u32, b: u32, depth: u32): u32 {
  return commonPrefix(keyAt(a) + depth, keyAt(b) + depth, min(keyLength(a), keyLength(b)) - depth);
}

/** Byte order of two keys that agree in their first `depth` bytes. */
export function compareKeys(a: u32, b: u32, depth: u32): i32 {
  const lengthA = keyLength(a);
  const lengthB = keyLength(b);
  const at = depth + commonBytes(a, b, depth);
  if (at < min(lengthA, lengthB)) return <i32>load<u8>(keyAt(a) + at) - <i32>load<u8>(keyAt(b) + at);
  return lengthA < lengthB ? -1 : <i32>(lengthA > lengthB);
}
