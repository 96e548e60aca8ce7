import { commonPrefix } from './bytes';
import { copyPlace, hashOf, keyEnd, keyStart, numberOf, PLACE } from './entry';

/** So many are sorted by insertion before they are merged. */
const RUN: u32 = 16;

/** A key that two entries were found to have, or 0, and its end. */
let repeated: u32 = 0;
let repeatedEnd: u32 = 0;

/** Where the key ends that `sortBuckets` found twice. */
export function repeatedKeyEnd(): u32 {
  return repeatedEnd;
}

/**
 * Sorts the entries of each bucket of a group by number, then by hash, then by key; `starts` and `places` are those of `placeGroup`.
 * `scratch` has room for all of the group's places.
 *
 * @returns where a key that two entries have begins, or 0
 */
export function sortBuckets(starts: u32, buckets: u32, places: u32, scratch: u32): u32 {
  repeated = 0;
  for (let at = starts, end = starts + (buckets << 2); at < end; at += 4) {
    const from = load<u32>(at);
    const count = load<u32>(at, 4) - from;
    if (count > 1) sortPlaces(places + from * PLACE, count, scratch);
  }
  return repeated;
}

function sortPlaces(places: u32, count: u32, scratch: u32): void {
  for (let from: u32 = 0; from < count; from += RUN) {
    insertionSort(places + from * PLACE, min(RUN, count - from), scratch);
  }
  let source = places;
  let target = scratch;
  for (let width = RUN; width < count; width <<= 1) {
    for (let from: u32 = 0; from < count; from += width << 1) {
      const middle = min(from + width, count);
      const to = min(middle + width, count);
      mergePlaces(source + from * PLACE, source + middle * PLACE, source + to * PLACE, target + from * PLACE);
    }
    const merged = target;
    target = source;
    source = merged;
  }
  if (source !== places) memory.copy(places, source, count * PLACE);
}

function insertionSort(places: u32, count: u32, spare: u32): void {
  for (let i: u32 = 1; i < count; i++) {
    let at = places + i * PLACE;
    if (compare(at - PLACE, at) <= 0) continue;
    copyPlace(spare, at);
    do {
      copyPlace(at, at - PLACE);
      at -= PLACE;
    } while (at > places && compare(at - PLACE, spare) > 0);
    copyPlace(at, spare);
  }
}

function mergePlaces(left: u32, middle: u32, end: u32, target: u32): void {
  let right = middle;
  for (; left < middle && right < end; target += PLACE) {
    if (compare(left, right) > 0) {
      copyPlace(target, right);
      right += PLACE;
    } else {
      copyPlace(target, left);
      left += PLACE;
    }
  }
  memory.copy(target, left, middle - left);
  memory.copy(target + (middle - left), right, end - right);
}

function compare(a: u32, b: u32): i32 {
  const numberA = numberOf(a);
  const numberB = numberOf(b);
  if (numberA !== numberB) return numberA < numberB ? -1 : 1;
  const hashA = hashOf(a);
  const hashB = hashOf(b);
  if (hashA !== hashB) return hashA < hashB ? -1 : 1;
  const keyA = keyStart(a);
  const keyB = keyStart(b);
  const lengthA = keyEnd(a) - keyA;
  const lengthB = keyEnd(b) - keyB;
  const length = min(lengthA, lengthB);
  const common = commonPrefix(keyA, keyB, length);
  if (common < length) return <i32>load<u8>(keyA + common) - <i32>load<u8>(keyB + common);
  if (lengthA !== lengthB) return lengthA < lengthB ? -1 : 1;
  repeated = keyA;
  repeatedEnd = keyA + lengthA;
  return 0;
}
