import { counts, firsts, valueEnds, valueStarts } from './entry';

/** A look that is known: its hash, the address of its text and the length of that. */
const KNOWN: u32 = 12;
/** Odd, with bits all over. */
const FACTOR: u64 = ((<u64>0x9e3779b9) << 32) | 0x7f4a7c15;

/** For each column that counts its number, and 1 where its values count, 0 where it only counts whether there are any. */
let columns: u32 = 0;
let columnCount: u32 = 0;
/** Numbers of looks plus one, at their hash or behind it: a power of two, at least one of which stays free. */
let slots: u32 = 0;
let mask: u32 = 0;
let known: u32 = 0;
let knownCount: u32 = 0;
/** Where the next text goes, and where the room for them ends. */
let texts: u32 = 0;
let textsEnd: u32 = 0;

/** Forgets all looks. There may be half as many as there are slots. */
export function setLooks(
  columnNumbers: u32,
  count: u32,
  slotNumbers: u32,
  slotCount: u32,
  knownLooks: u32,
  room: u32,
  roomLength: u32,
): void {
  columns = columnNumbers;
  columnCount = count;
  slots = slotNumbers;
  mask = slotCount - 1;
  known = knownLooks;
  knownCount = 0;
  texts = room;
  textsEnd = room + roomLength;
}

/**
 * The number of what the entry that was decoded last looks like: the same as that of all that have the same in the columns that count.
 * Offsets of values are from `base`. May read and write up to seven bytes beyond values and the room.
 *
 * @returns -1 where there is no room for another look
 */
export function lookOf(base: u32): i32 {
  const end = writeLook(base);
  if (end === 0) return -1;
  const length = end - texts;
  const hash = hashOf(texts, length);
  let slot = hash & mask;
  let number = load<u32>(slots + (slot << 2));
  while (number !== 0) {
    const look = known + (number - 1) * KNOWN;
    const isKnown = load<u32>(look) === hash && load<u32>(look, 8) === length;
    if (isKnown && isSame(load<u32>(look, 4), texts, length)) return number - 1;
    slot = (slot + 1) & mask;
    number = load<u32>(slots + (slot << 2));
  }
  if (knownCount > mask >> 1) return -1;
  const look = known + knownCount * KNOWN;
  store<u32>(look, hash);
  store<u32>(look, texts, 4);
  store<u32>(look, length, 8);
  texts = (end + 7) & ~7;
  store<u32>(slots + (slot << 2), ++knownCount);
  return knownCount - 1;
}

/** Writes what counts behind the known texts. @returns where it ends, or 0 where there is no room */
function writeLook(base: u32): u32 {
  let at = texts;
  for (let column = columns, end = columns + (columnCount << 3); column < end; column += 8) {
    const number = load<u32>(column) << 2;
    const count = load<u32>(counts + number);
    if (at + 8 > textsEnd) return 0;
    if (load<u32>(column, 4) === 0) {
      store<u32>(at, <u32>(count > 0));
      at += 4;
      continue;
    }
    store<u32>(at, count);
    at += 4;
    const first = load<u32>(firsts + number) << 2;
    for (let value = first; value < first + (count << 2); value += 4) {
      const start = load<u32>(valueStarts + value);
      const length = load<u32>(valueEnds + value) - start;
      if (length + 8 > textsEnd - at) return 0;
      store<u32>(at, length);
      at += 4;
      for (let i: u32 = 0; i < length; i += 8) store<u64>(at + i, load<u64>(base + start + i));
      at += length;
    }
  }
  store<u64>(at, 0);
  return at;
}

function hashOf(at: u32, length: u32): u32 {
  let hash: u64 = length;
  for (let i: u32 = 0; i < length; i += 8) {
    hash = (hash ^ load<u64>(at + i)) * FACTOR;
    hash ^= hash >> 32;
  }
  return <u32>hash;
}

/** Both have zeros behind them. */
function isSame(a: u32, b: u32, length: u32): bool {
  for (let i: u32 = 0; i < length; i += 8) if (load<u64>(a + i) !== load<u64>(b + i)) return false;
  return true;
}
