import { copyLoosely, same } from '../../assembly/bytes';
import { fetchEntries, hashOf, keyEnd, keyStart, PLACE, valueEnd, valueStart } from '../../assembly/entry';
import { hasElement, putElement } from './bucket';
import { BITS, hashFour } from './hash';

let written: u32 = 0;

/** The bytes of what `writeEntries` has last written. */
export function bytesWritten(): u32 {
  return written;
}

/**
 * Writes entries to `out`, one after the other, as long as they have room, and puts them into a bucket; in the file the first one is
 * at `address`.
 *
 * @returns how many entries were written
 */
export function writeEntries(
  places: u32,
  count: u32,
  nul: u32,
  out: u32,
  room: u32,
  address: f64,
  bucket: u32,
  elements: u32,
): u32 {
  let at = out;
  let i: u32 = 0;
  fetchEntries(places, count);
  for (; i < count; i++) {
    const place = places + i * PLACE;
    const key = keyEnd(place) - keyStart(place);
    const value = valueEnd(place) - valueStart(place);
    if (<u64>key + value + 2 * nul > room - (at - out)) break;
    putElement(place, nul, address + (at - out), bucket, elements);
    copyLoosely(at, keyStart(place), key);
    at += key;
    if (nul === 1) store<u8>(at++, 0);
    copyLoosely(at, valueStart(place), value);
    at += value;
    if (nul === 1) store<u8>(at++, 0);
  }
  written = at - out;
  return i;
}

/**
 * Reads what `writeEntries` has written as a lookup would: whether every entry is met in the bucket, which is that of its key's hash,
 * whose first `bits` bits are `prefix`.
 */
export function areEntries(
  places: u32,
  count: u32,
  nul: u32,
  records: u32,
  address: f64,
  bucket: u32,
  elements: u32,
  bits: u32,
  prefix: u32,
): bool {
  let at = records;
  let keys = i32x4.splat(records);
  let lengths = i32x4.splat(0);
  let hashes = hashFour(keys, lengths, 0);
  for (let i: u32 = 0; i < count; i++) {
    const place = places + i * PLACE;
    const key = keyEnd(place) - keyStart(place) + nul;
    const value = valueEnd(place) - valueStart(place) + nul;
    const valueAt = at + key;
    const end = valueAt + value;
    const hash = hashOf(place);
    const isEntry =
      hasElement(place, nul, address + (at - records), bucket, elements) &&
      hash >> (BITS - bits) === prefix &&
      same(at, keyStart(place), key - nul) &&
      same(valueAt, valueStart(place), value - nul) &&
      (nul === 0 || (load<u8>(valueAt - 1) === 0 && load<u8>(end - 1) === 0));
    if (!isEntry) return false;
    keys = v128.shuffle<i32>(keys, i32x4.splat(at), 1, 2, 3, 4);
    lengths = v128.shuffle<i32>(lengths, i32x4.splat(key), 1, 2, 3, 4);
    hashes = v128.shuffle<i32>(hashes, i32x4.splat(hash), 1, 2, 3, 4);
    if ((i & 3) === 3 || i === count - 1) {
      if (v128.any_true(v128.xor(hashes, hashFour(keys, lengths, 0)))) return false;
    }
    at = end;
  }
  return true;
}
