import { copyLoosely, same } from '../../assembly/bytes';
import {
  fetchEntries,
  hashOf,
  keyEnd,
  keyStart,
  numberOf,
  PLACE,
  valueEnd,
  valueStart,
} from '../../assembly/entry';
import { hashFour } from './hash';

/** As in layout.ts. */
const NEXT = 0;
const LENGTH = 4;
const KEY = 8;
const VALUE = 12;
const HASH = 16;
const MAGIC = 20;
const HEADER: u32 = 24;
const TAIL: u32 = 4;
const USED: u32 = 0x26011999;
/** Entries that are written at a time, and held against what was written while they are still in the processor's cache. */
const STRETCH: u32 = 256;

let written: u32 = 0;
let chains: u32 = 0;
/** Where the heads of the chains are, and how many there are. */
let heads: u32 = 0;
let hashSize: u32 = 1;

/** The bytes of what `writeRecords` has last written. */
export function bytesWritten(): u32 {
  return written;
}

/** How many chains have a head that leads to a record which `areRecords` has met. */
export function chainsMet(): u32 {
  return chains;
}

export function setHeads(address: u32, count: u32): void {
  heads = address;
  hashSize = count;
}

/** How many chains have a head that leads anywhere. */
export function fullHeads(): u32 {
  let full: u32 = 0;
  for (let at = heads, end = heads + (hashSize << 2); at < end; at += 4) full += <u32>(load<u32>(at) !== 0);
  return full;
}

/** The size of a record whose key and value have `content` bytes. */
function sizeOf(content: u64): u64 {
  return HEADER + ((content + TAIL + 3) & ~3);
}

function sizeAt(place: u32, nul: u32): u64 {
  const key = keyEnd(place) - keyStart(place);
  return sizeOf(<u64>key + (valueEnd(place) - valueStart(place)) + 2 * nul);
}

/** The size of the record of an entry, `at` bytes from where the columns begin. */
function sizeIn(at: u32, keyStarts: u32, keyEnds: u32, valueStarts: u32, valueEnds: u32, nul: u32): u64 {
  const key = load<u32>(keyEnds + at) - load<u32>(keyStarts + at);
  return sizeOf(<u64>key + (load<u32>(valueEnds + at) - load<u32>(valueStarts + at)) + 2 * nul);
}

/** The bytes of the records of `count` entries, given by the columns that tell where keys and values begin and end. */
export function measureRecords(
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
  count: u32,
  nul: u32,
): u64 {
  let sum: u64 = 0;
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    sum += sizeIn(column, keyStarts, keyEnds, valueStarts, valueEnds, nul);
  }
  return sum;
}

/** Likewise of those whose chain's number, at `numbers`, is less than `limit`. */
export function measureBefore(
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
  count: u32,
  nul: u32,
  numbers: u32,
  limit: u32,
): u64 {
  let sum: u64 = 0;
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    const size = sizeIn(column, keyStarts, keyEnds, valueStarts, valueEnds, nul);
    sum += select<u64>(size, 0, load<u32>(numbers + column) < limit);
  }
  return sum;
}

/** The chain of entry `i` of a group; no chain's number before the first one and behind the last. */
function chainOf(places: u32, i: u32, count: u32): u32 {
  return i < count ? numberOf(places + i * PLACE) : u32.MAX_VALUE;
}

/**
 * Writes the header of the record that entry `i` of a group of `count` gets at `offset` in the file, and its chain's head where it is
 * the first of it.
 */
export function writeHeader(places: u32, i: u32, count: u32, nul: u32, out: u32, offset: u32): void {
  const place = places + i * PLACE;
  const size = <u32>sizeAt(place, nul);
  const chain = chainOf(places, i, count);
  // Whether a chain goes on is not to be guessed, so there are no branches: what is no head goes to where NEXT is written.
  store<u32>(select<u32>(heads + (chain << 2), out, chain !== chainOf(places, i - 1, count)), offset);
  store<u32>(out, select<u32>(offset + size, 0, chain === chainOf(places, i + 1, count)), NEXT);
  store<u32>(out, size - HEADER, LENGTH);
  store<u32>(out, keyEnd(place) - keyStart(place) + nul, KEY);
  store<u32>(out, valueEnd(place) - valueStart(place) + nul, VALUE);
  store<u32>(out, hashOf(place), HASH);
  store<u32>(out, USED, MAGIC);
}

/**
 * Writes the entries from number `from` on of a group of `count` as records to `out`, one after the other, as long as they have room,
 * and a stretch of them at most; in the file the first one is at `offset`.
 *
 * @returns how many records were written
 */
export function writeRecords(
  places: u32,
  from: u32,
  count: u32,
  nul: u32,
  out: u32,
  room: u32,
  offset: u32,
): u32 {
  let start = out;
  let i = from;
  const last = min(count, from + STRETCH);
  fetchEntries(places + from * PLACE, last - from);
  for (; i < last; i++) {
    const place = places + i * PLACE;
    const size = sizeAt(place, nul);
    if (size > room - (start - out)) break;
    writeHeader(places, i, count, nul, start, offset + (start - out));
    const key = keyEnd(place) - keyStart(place);
    const value = valueEnd(place) - valueStart(place);
    let at = start + HEADER;
    copyLoosely(at, keyStart(place), key);
    at += key;
    if (nul === 1) store<u8>(at++, 0);
    copyLoosely(at, valueStart(place), value);
    at += value;
    if (nul === 1) store<u8>(at++, 0);
    store<u32>(at, 0);
    start += <u32>size;
    store<u32>(start - TAIL, <u32>size);
  }
  written = start - out;
  return i - from;
}

/**
 * Reads `read` records from `records` on, which are at `offset` in the file, as a lookup would: whether they are the entries from
 * number `from` on of a group of `count` in turn, each with its key's hash and in its chain.
 */
export function areRecords(
  places: u32,
  from: u32,
  count: u32,
  read: u32,
  nul: u32,
  records: u32,
  offset: u32,
): bool {
  let at = records;
  let a = at;
  let b = at;
  let c = at;
  for (let i = from; i < from + read; i++) {
    if (!isHeader(places, i, count, nul, at, offset + (at - records))) return false;
    const place = places + i * PLACE;
    const keyBytes = keyEnd(place) - keyStart(place);
    const valueBytes = valueEnd(place) - valueStart(place);
    const keyAt = at + HEADER;
    const valueAt = keyAt + load<u32>(at, KEY);
    const end = valueAt + load<u32>(at, VALUE);
    const size = HEADER + load<u32>(at, LENGTH);
    const isEntry =
      same(keyAt, keyStart(place), keyBytes) &&
      same(valueAt, valueStart(place), valueBytes) &&
      (nul === 0 || (load<u8>(valueAt - 1) === 0 && load<u8>(end - 1) === 0)) &&
      load<u32>(at + size - TAIL) === size;
    if (!isEntry) return false;
    if (((i - from) & 3) === 3 || i === from + read - 1) {
      if (!haveHashes(a, b, c, at)) return false;
    }
    a = b;
    b = c;
    c = at;
    at += size;
  }
  return true;
}

/** Whether these records have the hashes of their keys. */
function haveHashes(a: u32, b: u32, c: u32, d: u32): bool {
  const keys = i32x4.add(i32x4(a, b, c, d), i32x4.splat(HEADER));
  const lengths = i32x4(load<i32>(a, KEY), load<i32>(b, KEY), load<i32>(c, KEY), load<i32>(d, KEY));
  const hashes = i32x4(load<i32>(a, HASH), load<i32>(b, HASH), load<i32>(c, HASH), load<i32>(d, HASH));
  return !v128.any_true(v128.xor(hashes, hashFour(keys, lengths, 0)));
}

/**
 * Whether a record has the lengths of entry `i` of its group, and is met in the chain that its hash gives: from the head, or from the
 * record before, which is right in front of it.
 */
export function isHeader(places: u32, i: u32, count: u32, nul: u32, record: u32, offset: u32): bool {
  const place = places + i * PLACE;
  const chain = chainOf(places, i, count);
  const size = <u32>sizeAt(place, nul);
  const isFirst = chain !== chainOf(places, i - 1, count);
  chains += <u32>isFirst;
  return (
    <u32>isFirst <= <u32>(load<u32>(heads + (chain << 2)) === offset) &&
    load<u32>(record, NEXT) === select<u32>(offset + size, 0, chain === chainOf(places, i + 1, count)) &&
    load<u32>(record, LENGTH) === size - HEADER &&
    load<u32>(record, KEY) === keyEnd(place) - keyStart(place) + nul &&
    load<u32>(record, VALUE) === valueEnd(place) - valueStart(place) + nul &&
    load<u32>(record, MAGIC) === USED &&
    load<u32>(record, HASH) % hashSize === chain
  );
}
