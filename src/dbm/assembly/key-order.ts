import { commonPrefix } from './bytes';
import { copyPlace, fetchEntries, keyEnd, keyStart, PLACE } from './entry';

/** Where a key stands to those that it begins: behind them, where its NUL puts it, or before them. */
export const LONGER_FIRST: u32 = 0;
export const TERMINATED: u32 = 1;
export const SHORTER_FIRST: u32 = 2;

/** What is merged: eight bytes of a key as a number, and the address of its entry's place. */
const ITEM: u32 = 16;
/** Up to here each of a few is compared with each, which no processor has to guess about. */
const FEW: u32 = 128;
/** So many are sorted by insertion before they are merged. */
const RUN: u32 = 8;

/** The place of one of two entries that were found to have the same key, or 0. */
let repeated: u32 = 0;
/** How many bytes the keys that are being sorted begin with in common. */
let depth: u32 = 0;
let order: u32 = LONGER_FIRST;

/**
 * Puts `count` places into the order of their keys' bytes. `scratch` has room for two items and a place for
 * each, and for an item.
 *
 * @returns the place of one of two entries with the same key, or 0
 */
export function sortPlaces(places: u32, count: u32, keyOrder: u32, scratch: u32): u32 {
  if (count < 2) return 0;
  repeated = 0;
  order = keyOrder;
  depth = commonDepth(places, count);
  if (count <= FEW) sortFew(places, count, scratch);
  else sortMany(places, count, scratch);
  return repeated;
}

/** Finds each key's number among the others from its first bytes; those that are the same there are sorted by insertion. */
function sortFew(places: u32, count: u32, scratch: u32): void {
  const prefixes = scratch;
  const sortedPrefixes = prefixes + ((count + 3) << 3);
  const sorted = sortedPrefixes + (count << 3);
  const ranks = sorted + count * PLACE;
  let isSorted = true;
  for (let i: u32 = 0; i < count; i++) {
    const place = places + i * PLACE;
    // SIMD compares signed numbers only.
    const prefix = <i64>(prefixOf(place) ^ 0x8000000000000000);
    store<i64>(prefixes + (i << 3), prefix);
    if (!isSorted || i === 0) continue;
    const last = load<i64>(prefixes + (i << 3) - 8);
    isSorted = last < prefix || (last === prefix && compare(place - PLACE, place) < 0);
  }
  if (isSorted) return;
  for (let i: u32 = 0; i < 3; i++) store<i64>(prefixes + ((count + i) << 3), i64.MAX_VALUE);
  for (let i: u32 = 0; i < count; i += 4) rankFour(prefixes, i, count, ranks);
  for (let i: u32 = 0; i < count; i++) {
    const rank = load<u32>(ranks + (i << 2));
    copyPlace(sorted + rank * PLACE, places + i * PLACE);
    store<i64>(sortedPrefixes + (rank << 3), load<i64>(prefixes + (i << 3)));
  }
  copyPlace(places, sorted);
  for (let i: u32 = 1; i < count; i++) {
    const place = sorted + i * PLACE;
    let to = i;
    for (; to > 0; to--) {
      if (load<i64>(sortedPrefixes + (to << 3)) !== load<i64>(sortedPrefixes + (to << 3) - 8)) break;
      if (compare(places + (to - 1) * PLACE, place) <= 0) break;
      copyPlace(places + to * PLACE, places + (to - 1) * PLACE);
    }
    copyPlace(places + to * PLACE, place);
  }
}

/**
 * Stores how many prefixes come before each of the four from number `first` on: those that are less, and those that are the same and
 * stand before it. Three behind the last of `count` are greatest.
 */
function rankFour(prefixes: u32, first: u32, count: u32, ranks: u32): void {
  const own = prefixes + (first << 3);
  const a = load<i64>(own);
  const b = load<i64>(own, 8);
  const c = load<i64>(own, 16);
  const d = load<i64>(own, 24);
  const allA = i64x2.splat(a);
  const allB = i64x2.splat(b);
  const allC = i64x2.splat(c);
  const allD = i64x2.splat(d);
  let sumA = i64x2.splat(0);
  let sumB = i64x2.splat(0);
  let sumC = i64x2.splat(0);
  let sumD = i64x2.splat(0);
  for (let at = prefixes; at < own; at += 16) {
    const others = v128.load(at);
    sumA = i64x2.add(sumA, i64x2.gt_s(others, allA));
    sumB = i64x2.add(sumB, i64x2.gt_s(others, allB));
    sumC = i64x2.add(sumC, i64x2.gt_s(others, allC));
    sumD = i64x2.add(sumD, i64x2.gt_s(others, allD));
  }
  for (let at = own + 32, end = prefixes + (count << 3); at < end; at += 16) {
    const others = v128.load(at);
    sumA = i64x2.sub(sumA, i64x2.gt_s(allA, others));
    sumB = i64x2.sub(sumB, i64x2.gt_s(allB, others));
    sumC = i64x2.sub(sumC, i64x2.gt_s(allC, others));
    sumD = i64x2.sub(sumD, i64x2.gt_s(allD, others));
  }
  const to = ranks + (first << 2);
  store<u32>(to, first + added(sumA) + <u32>(b < a) + <u32>(c < a) + <u32>(d < a));
  store<u32>(to, first + added(sumB) + <u32>(a <= b) + <u32>(c < b) + <u32>(d < b), 4);
  store<u32>(to, first + added(sumC) + <u32>(a <= c) + <u32>(b <= c) + <u32>(d < c), 8);
  store<u32>(to, first + added(sumD) + <u32>(a <= d) + <u32>(b <= d) + <u32>(c <= d), 12);
}

function added(sums: v128): u32 {
  return <u32>(i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1));
}

function sortMany(places: u32, count: u32, scratch: u32): void {
  const items = scratch;
  for (let i: u32 = 0; i < count; i++) {
    const place = places + i * PLACE;
    store<u64>(items + i * ITEM, prefixOf(place));
    store<u32>(items + i * ITEM, place, 8);
  }
  const sorted = mergeSort(items, items + count * ITEM, count);
  const inOrder = items + 2 * count * ITEM;
  for (let i: u32 = 0; i < count; i++) copyPlace(inOrder + i * PLACE, load<u32>(sorted + i * ITEM, 8));
  memory.copy(places, inOrder, count * PLACE);
}

function commonDepth(places: u32, count: u32): u32 {
  const first = keyStart(places);
  let common = keyEnd(places) - first;
  for (let i: u32 = 1; i < count && common > 0; i++) {
    const place = places + i * PLACE;
    const start = keyStart(place);
    common = commonPrefix(first, start, min(common, keyEnd(place) - start));
  }
  return common;
}

/** A key that ends before counts with its NUL; what is not there comes last, or first. */
function prefixOf(place: u32): u64 {
  const start = keyStart(place) + depth;
  const left = keyEnd(place) - start;
  const bytes = bswap<u64>(load<u64>(start));
  if (left >= 8) return bytes;
  const missing = ~(<u64>0) >> ((<u64>left) << 3);
  const behind = order === LONGER_FIRST ? missing : order === TERMINATED ? missing >> 8 : 0;
  return (bytes & ~missing) | behind;
}

/** @returns which of the two has the sorted items in the end */
function mergeSort(items: u32, spare: u32, count: u32): u32 {
  for (let from: u32 = 0; from < count; from += RUN) {
    insertionSort(items + from * ITEM, min(RUN, count - from));
  }
  let source = items;
  let target = spare;
  for (let width = RUN; width < count; width <<= 1) {
    for (let from: u32 = 0; from < count; from += width << 1) {
      const middle = min(from + width, count);
      const to = min(middle + width, count);
      mergeItems(source + from * ITEM, source + middle * ITEM, source + to * ITEM, target + from * ITEM);
    }
    const merged = target;
    target = source;
    source = merged;
  }
  return source;
}

function insertionSort(items: u32, count: u32): void {
  for (let i: u32 = 1; i < count; i++) {
    let at = items + i * ITEM;
    const prefix = load<u64>(at);
    const place = load<u32>(at, 8);
    for (; at > items; at -= ITEM) {
      const before = load<u64>(at - ITEM);
      const placeBefore = load<u32>(at - ITEM, 8);
      if (before < prefix || (before === prefix && compare(placeBefore, place) <= 0)) break;
      store<u64>(at, before);
      store<u32>(at, placeBefore, 8);
    }
    store<u64>(at, prefix);
    store<u32>(at, place, 8);
  }
}

function mergeItems(left: u32, middle: u32, end: u32, target: u32): void {
  let right = middle;
  while (left < middle && right < end) {
    const a = load<u64>(left);
    const b = load<u64>(right);
    if (b < a || (a === b && compare(load<u32>(left, 8), load<u32>(right, 8)) > 0)) {
      store<u64>(target, b);
      store<u32>(target, load<u32>(right, 8), 8);
      right += ITEM;
    } else {
      store<u64>(target, a);
      store<u32>(target, load<u32>(left, 8), 8);
      left += ITEM;
    }
    target += ITEM;
  }
  memory.copy(target, left, middle - left);
  memory.copy(target + (middle - left), right, end - right);
}

/** Compares the keys of two places. */
function compare(a: u32, b: u32): i32 {
  const startA = keyStart(a) + depth;
  const startB = keyStart(b) + depth;
  const lengthA = keyEnd(a) - startA;
  const lengthB = keyEnd(b) - startB;
  const length = min(lengthA, lengthB);
  const common = commonPrefix(startA, startB, length);
  if (common < length) return <i32>load<u8>(startA + common) - <i32>load<u8>(startB + common);
  if (lengthA === lengthB) {
    repeated = b;
    return 0;
  }
  // The shorter key's NUL stands against a byte of the longer one.
  const against = load<u8>((lengthA < lengthB ? startB : startA) + length);
  const shorterFirst = order === SHORTER_FIRST || (order === TERMINATED && against !== 0);
  return lengthA < lengthB === shorterFirst ? -1 : 1;
}

/**
 * Puts the entries of each bucket of a group into the order of their keys; `starts` and `places` are those of `placeGroup`. `scratch`
 * is that of `sortPlaces`.
 *
 * @returns the place of one of two entries with the same key, or 0
 */
export function sortBuckets(starts: u32, buckets: u32, places: u32, scratch: u32): u32 {
  for (let at = starts, end = starts + (buckets << 2); at < end; at += 4) {
    const from = load<u32>(at);
    const count = load<u32>(at, 4) - from;
    fetchEntries(places + from * PLACE, count);
    const same = sortPlaces(places + from * PLACE, count, SHORTER_FIRST, scratch);
    if (same !== 0) return same;
  }
  return 0;
}
