import { copyLoosely, same } from '../../assembly/bytes';
import { fetchEntries, hashOf, keyEnd, keyStart, PLACE, valueEnd, valueStart } from '../../assembly/entry';
import { hashFour } from './hash';
import { SLOT } from './tables';

const HEADER: u32 = 8;
/** Entries that are written at a time, and held against what was written while they are still in the processor's cache. */
const STRETCH: u32 = 256;

let written: u32 = 0;

/** The bytes of what `writeRecords` has last written. */
export function bytesWritten(): u32 {
  return written;
}

/**
 * Writes entries as records to `out`, one after the other, as long as they have room, and a stretch of them at most; in the file
 * the first one is at `position`. Each one's hash and position go to `slots`.
 *
 * @returns how many records were written
 */
export function writeRecords(
  places: u32,
  count: u32,
  nul: u32,
  out: u32,
  room: u32,
  position: u32,
  slots: u32,
): u32 {
  let at = out;
  let left = room;
  let i: u32 = 0;
  const most = min(count, STRETCH);
  fetchEntries(places, most);
  for (; i < most; i++) {
    const place = places + i * PLACE;
    const keyAt = keyStart(place);
    const valueAt = valueStart(place);
    const key = keyEnd(place) - keyAt;
    const value = valueEnd(place) - valueAt;
    const size: u64 = <u64>HEADER + key + value + 2 * nul;
    if (size > left) break;
    store<u32>(slots + i * SLOT, hashOf(place));
    store<u32>(slots + i * SLOT, position + (at - out), 4);
    store<u32>(at, key + nul);
    store<u32>(at, value + nul, 4);
    at += HEADER;
    copyLoosely(at, keyAt, key);
    at += key;
    if (nul === 1) store<u8>(at++, 0);
    copyLoosely(at, valueAt, value);
    at += value;
    if (nul === 1) store<u8>(at++, 0);
    left -= <u32>size;
  }
  written = at - out;
  return i;
}

/**
 * Reads the records from `records` on, which are at `position` in the file, as a lookup would: whether they are the entries in turn,
 * with their positions and the hashes of their keys at `slots`.
 */
export function areRecords(places: u32, count: u32, nul: u32, records: u32, position: u32, slots: u32): bool {
  let at = records;
  for (let i: u32 = 0; i < count; i++) {
    const place = places + i * PLACE;
    const key = load<u32>(at);
    const value = load<u32>(at, 4);
    const keyAt = at + HEADER;
    const valueAt = keyAt + key;
    const end = valueAt + value;
    const keyBytes = keyEnd(place) - keyStart(place);
    const valueBytes = valueEnd(place) - valueStart(place);
    const isEntry =
      key === keyBytes + nul &&
      value === valueBytes + nul &&
      same(keyAt, keyStart(place), keyBytes) &&
      same(valueAt, valueStart(place), valueBytes) &&
      (nul === 0 || (load<u8>(valueAt - 1) === 0 && load<u8>(end - 1) === 0)) &&
      load<u32>(slots + i * SLOT, 4) === position + (at - records);
    if (!isEntry) return false;
    at = end;
  }
  return haveHashes(slots, count, records, position);
}

function haveHashes(slots: u32, count: u32, records: u32, position: u32): bool {
  const first = records - position;
  const last = slots + (count - 1) * SLOT;
  for (let a = slots; a <= last; a += 4 * SLOT) {
    const b = min(a + SLOT, last);
    const c = min(a + 2 * SLOT, last);
    const d = min(a + 3 * SLOT, last);
    const records = i32x4.add(
      i32x4.splat(first),
      i32x4(load<i32>(a, 4), load<i32>(b, 4), load<i32>(c, 4), load<i32>(d, 4)),
    );
    const lengths = i32x4(
      load<i32>(i32x4.extract_lane(records, 0)),
      load<i32>(i32x4.extract_lane(records, 1)),
      load<i32>(i32x4.extract_lane(records, 2)),
      load<i32>(i32x4.extract_lane(records, 3)),
    );
    const hashes = hashFour(i32x4.add(records, i32x4.splat(HEADER)), lengths);
    const expected = i32x4(load<i32>(a), load<i32>(b), load<i32>(c), load<i32>(d));
    if (v128.any_true(v128.xor(hashes, expected))) return false;
  }
  return true;
}
