import { copyLoosely } from './bytes';
import { PLACE } from './entry';

/**
 * Entries go to their buckets in two steps, so that no step jumps about in more memory than the processor's cache holds: first
 * they are copied to groups of neighbouring buckets, then the places of one group are sorted by bucket. In a group an entry is
 * its hash, the lengths of key and value, and their bytes; or their addresses, where they are long.
 */
const HASH = 0;
const KEY_LENGTH = 4;
const VALUE_LENGTH = 8;
const BYTES: u32 = 12;
/** A longer value stays where it is. */
const LONGEST_COPY: u32 = 1024;
/** The columns of a table, which begin at these addresses; offsets count from `base`. */
let base: u32 = 0;
let keyStarts: u32 = 0;
let keyEnds: u32 = 0;
let valueStarts: u32 = 0;
let valueEnds: u32 = 0;
/** The masks of the table's file. */
let maxBucket: u32 = 0;
let highMask: u32 = 0;
let lowMask: u32 = 0;

export function setColumns(pool: u32, keys: u32, keyStops: u32, values: u32, valueStops: u32): void {
  base = pool;
  keyStarts = keys;
  keyEnds = keyStops;
  valueStarts = values;
  valueEnds = valueStops;
}

/** A hash whose bucket under `high` does not exist goes by `low`. */
export function setBuckets(max: u32, high: u32, low: u32): void {
  maxBucket = max;
  highMask = high;
  lowMask = low;
}

function bucketOf(hash: u32): u32 {
  const bucket = hash & highMask;
  return bucket > maxBucket ? bucket & lowMask : bucket;
}

function keyLength(column: u32): u32 {
  return load<u32>(keyEnds + column) - load<u32>(keyStarts + column);
}

function valueLength(column: u32): u32 {
  return load<u32>(valueEnds + column) - load<u32>(valueStarts + column);
}

function sizeOf(column: u32): u32 {
  const value = valueLength(column);
  return value > LONGEST_COPY ? BYTES + 8 : BYTES + keyLength(column) + value;
}

/** Adds to the pairs of numbers at `groups`, one a group of `2 ** shift` buckets, the entries and bytes that are its own. */
export function measureGroups(hashes: u32, count: u32, shift: u32, groups: u32): void {
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    const group = groups + ((bucketOf(load<u32>(hashes + column)) >> shift) << 3);
    store<u32>(group, load<u32>(group) + 1);
    store<u32>(group, load<u32>(group, 4) + sizeOf(column), 4);
  }
}

/**
 * Copies the entries of the groups `[first, last)` of `2 ** shift` buckets to the addresses that stand at `ends`, one a group; in
 * the end these are the ones behind each group's last entry. `chosen` has room for a number an entry of a stretch, and one.
 */
export function copyToGroups(
  hashes: u32,
  count: u32,
  shift: u32,
  first: u32,
  last: u32,
  ends: u32,
  chosen: u32,
): void {
  for (let from: u32 = 0; from < count; from += STRETCH) {
    const to = min(from + STRETCH, count);
    const found = chooseEntries(hashes, from, to, shift, first, last - first, chosen);
    for (let i: u32 = 0; i < found; i++)
      copyToGroup(hashes, load<u32>(chosen + (i << 2)), shift, first, ends);
  }
}

/** Entries that are looked through in one go. */
const STRETCH: u32 = 1024;

/** Notes the entries of the groups. Every entry is stored, and the next one over it unless it counts: nothing to guess about. */
function chooseEntries(
  hashes: u32,
  from: u32,
  to: u32,
  shift: u32,
  first: u32,
  groups: u32,
  chosen: u32,
): u32 {
  let at = chosen;
  for (let column = from << 2, end = to << 2; column < end; column += 4) {
    store<u32>(at, column);
    at += (<u32>((bucketOf(load<u32>(hashes + column)) >> shift) - first < groups)) << 2;
  }
  return (at - chosen) >> 2;
}

function copyToGroup(hashes: u32, column: u32, shift: u32, first: u32, ends: u32): void {
  const hash = load<u32>(hashes + column);
  const end = ends + (((bucketOf(hash) >> shift) - first) << 2);
  let at = load<u32>(end);
  const key = keyLength(column);
  const value = valueLength(column);
  const keyAt = base + load<u32>(keyStarts + column);
  const valueAt = base + load<u32>(valueStarts + column);
  store<u32>(at, hash, HASH);
  store<u32>(at, key, KEY_LENGTH);
  store<u32>(at, value, VALUE_LENGTH);
  at += BYTES;
  if (value > LONGEST_COPY) {
    store<u32>(at, keyAt);
    store<u32>(at, valueAt, 4);
    at += 8;
  } else {
    copyLoosely(at, keyAt, key);
    copyLoosely(at + key, valueAt, value);
    at += key + value;
  }
  store<u32>(end, at);
}

/**
 * Sorts the entries of a group by bucket; in a bucket they stay in their order. Entries of bucket `first + b` get the places from
 * number `starts[b]` to `starts[b + 1]`; `starts` has room for two numbers more than there are buckets.
 */
export function placeGroup(group: u32, end: u32, first: u32, buckets: u32, starts: u32, places: u32): void {
  const next = starts + 4;
  memory.fill(starts, 0, (buckets + 2) << 2);
  for (let at = group; at < end; at += sizeAt(at)) {
    const counter = next + ((bucketOf(load<u32>(at, HASH)) - first) << 2);
    store<u32>(counter, load<u32>(counter, 4) + 1, 4);
  }
  for (let counter = starts, last = next + (buckets << 2); counter < last; counter += 4) {
    store<u32>(counter, load<u32>(counter) + load<u32>(counter, 4), 4);
  }
  for (let at = group; at < end; at += sizeAt(at)) {
    const counter = next + ((bucketOf(load<u32>(at, HASH)) - first) << 2);
    const number = load<u32>(counter);
    store<u32>(counter, number + 1);
    const key = load<u32>(at, KEY_LENGTH);
    const value = load<u32>(at, VALUE_LENGTH);
    const isLong = value > LONGEST_COPY;
    const keyAt = isLong ? load<u32>(at + BYTES) : at + BYTES;
    const valueAt = isLong ? load<u32>(at + BYTES, 4) : keyAt + key;
    const place = places + number * PLACE;
    store<u32>(place, keyAt);
    store<u32>(place, keyAt + key, 4);
    store<u32>(place, valueAt, 8);
    store<u32>(place, valueAt + value, 12);
  }
}

function sizeAt(at: u32): u32 {
  const value = load<u32>(at, VALUE_LENGTH);
  return value > LONGEST_COPY ? BYTES + 8 : BYTES + load<u32>(at, KEY_LENGTH) + value;
}
