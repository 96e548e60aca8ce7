import { copyLoosely, same } from '../../assembly/bytes';
import { fetchEntries, keyEnd, keyStart, PLACE, valueEnd, valueStart } from '../../assembly/entry';
import { sortPlaces } from '../../assembly/key-order';
import { itemSize } from './geometry';

const HEADER: u32 = 26;
const NOT_LOGGED: u32 = 1;
const HASH_PAGE: u8 = 13;
const DATA: u8 = 1;
const OFF_PAGE: u32 = 3;
/** Bytes of an item that lies on pages of its own, on its bucket's page. */
const REFERENCE: u32 = 12;

let repeated: u32 = 0;

/** The place of one of two entries with the same key, after `writeBuckets` has stopped at their bucket; or 0. */
export function repeatedPlace(): u32 {
  return repeated;
}

/**
 * Sorts `buckets` buckets from number `first` on and writes the page of each to `out`, one after the other. The `b`-th of them has
 * the entries from number `starts[b]` to `starts[b + 1]` in `places`. Ends at the first bucket that has a key twice, or more than
 * a page: its places are sorted, but it is for the caller to write.
 *
 * @returns how many buckets were written
 */
export function writeBuckets(
  first: u32,
  buckets: u32,
  starts: u32,
  places: u32,
  pageSize: u32,
  nul: u32,
  scratch: u32,
  out: u32,
): u32 {
  const mostOnPage = pageSize >> 2;
  for (let b: u32 = 0; b < buckets; b++) {
    const from = load<u32>(starts + (b << 2));
    const count = load<u32>(starts + (b << 2), 4) - from;
    const bucketPlaces = places + from * PLACE;
    fetchEntries(bucketPlaces, count);
    repeated = sortPlaces(bucketPlaces, count, nul, scratch);
    if (repeated !== 0) return b;
    let used: u32 = 0;
    for (let i: u32 = 0; i < count; i++) {
      const place = bucketPlaces + i * PLACE;
      const key = keyEnd(place) - keyStart(place) + nul;
      const value = valueEnd(place) - valueStart(place) + nul;
      used += key + value + 6;
      if (max(key, value) > mostOnPage || used > pageSize - HEADER) return b;
    }
    writePage(out + b * pageSize, bucketPlaces, count, pageSize, nul, first + b + 1, 0, 0, used, 0);
  }
  return buckets;
}

let fittingUsed: u32 = 0;
let fittingPages: u32 = 0;

/** Bytes that the entries of `countFitting` take on their page, with their indexes. */
export function fittingBytes(): u32 {
  return fittingUsed;
}

/** How many pages their long items take. */
export function fittingItemPages(): u32 {
  return fittingPages;
}

/** How many of `count` entries, which are in order, have room on a page. */
export function countFitting(places: u32, count: u32, pageSize: u32, nul: u32): u32 {
  const mostOnPage = pageSize >> 2;
  const capacity = pageSize - HEADER;
  fittingUsed = 0;
  fittingPages = 0;
  for (let i: u32 = 0; i < count; i++) {
    const place = places + i * PLACE;
    const key = keyEnd(place) - keyStart(place) + nul;
    const value = valueEnd(place) - valueStart(place) + nul;
    const used = fittingUsed + itemSize(key, mostOnPage) + itemSize(value, mostOnPage);
    if (used > capacity) return i;
    fittingUsed = used;
    if (key > mostOnPage) fittingPages += (key + capacity - 1) / capacity;
    if (value > mostOnPage) fittingPages += (value + capacity - 1) / capacity;
  }
  return count;
}

/**
 * Writes one page of a bucket at `out`, from its lowest item upwards, so that a copy may go beyond an item's end.
 *
 * @param used bytes of all items with their indexes
 * @param itemPagesEnd number behind the last page of the long items, which are numbered in the order of the items
 */
export function writePage(
  out: u32,
  places: u32,
  count: u32,
  pageSize: u32,
  nul: u32,
  page: u32,
  previous: u32,
  next: u32,
  used: u32,
  itemPagesEnd: u32,
): void {
  const indexEnd = out + HEADER + (count << 2);
  let at = out + pageSize - (used - (count << 2));
  store<u32>(out, 0);
  store<u32>(out, NOT_LOGGED, 4);
  store<u32>(out, page, 8);
  store<u32>(out, previous, 12);
  store<u32>(out, next, 16);
  store<u16>(out, <u16>(count << 1), 20);
  store<u16>(out, <u16>(at - out), 22);
  store<u8>(out, 0, 24);
  store<u8>(out, HASH_PAGE, 25);
  memory.fill(indexEnd, 0, at - indexEnd);
  let index = indexEnd;
  let itemPage = itemPagesEnd;
  const mostOnPage = pageSize >> 2;
  const capacity = pageSize - HEADER;
  for (let i = count; i > 0; i--) {
    const place = places + (i - 1) * PLACE;
    for (let part: u32 = 8; ; part = 0) {
      const start = load<u32>(place + part);
      const length = load<u32>(place + part, 4) - start;
      index -= 2;
      store<u16>(index, <u16>(at - out));
      if (length + nul > mostOnPage) {
        itemPage -= (length + nul + capacity - 1) / capacity;
        store<u32>(at, OFF_PAGE);
        store<u32>(at, itemPage, 4);
        store<u32>(at, length + nul, 8);
        at += REFERENCE;
      } else {
        store<u8>(at++, DATA);
        copyLoosely(at, start, length);
        at += length;
        if (nul === 1) store<u8>(at++, 0);
      }
      if (part === 0) break;
    }
  }
}

/**
 * Holds the pages at `pages` against the entries of their buckets, which `writeBuckets` has sorted: reads each as a lookup would.
 *
 * @returns how many buckets have a page with exactly their entries, before the first that has not
 */
export function checkBuckets(
  first: u32,
  buckets: u32,
  starts: u32,
  places: u32,
  pageSize: u32,
  nul: u32,
  pages: u32,
): u32 {
  for (let b: u32 = 0; b < buckets; b++) {
    const from = load<u32>(starts + (b << 2));
    const count = load<u32>(starts + (b << 2), 4) - from;
    if (!checkPage(pages + b * pageSize, places + from * PLACE, count, pageSize, nul, first + b + 1, 0, 0))
      return b;
  }
  return buckets;
}

/** Whether a page has these entries and no others, in this order, and says so; none of them is long. */
export function checkPage(
  page: u32,
  places: u32,
  count: u32,
  pageSize: u32,
  nul: u32,
  number: u32,
  previous: u32,
  next: u32,
): bool {
  const isWhole =
    load<u32>(page, 8) === number &&
    load<u32>(page, 12) === previous &&
    load<u32>(page, 16) === next &&
    load<u16>(page, 20) === <u16>(count << 1) &&
    load<u8>(page, 25) === HASH_PAGE;
  if (!isWhole) return false;
  const lowest = HEADER + (count << 2);
  let index = page + HEADER;
  let end = pageSize;
  for (let place = places, last = places + count * PLACE; place < last; place += PLACE) {
    const key: u32 = load<u16>(index);
    const value: u32 = load<u16>(index, 2);
    if (key >= end || value >= key || value < lowest) return false;
    if (!isItem(page, key, end, keyStart(place), keyEnd(place), nul)) return false;
    if (!isItem(page, value, key, valueStart(place), valueEnd(place), nul)) return false;
    end = value;
    index += 4;
  }
  return load<u16>(page, 22) === <u16>end;
}

function isItem(page: u32, at: u32, end: u32, start: u32, stop: u32, nul: u32): bool {
  const length = stop - start;
  if (end - at !== 1 + length + nul || load<u8>(page + at) !== DATA) return false;
  return (nul === 0 || load<u8>(page + end - 1) === 0) && same(page + at + 1, start, length);
}

/** Whether pages have the numbers from `first` on. */
export function areNumbered(pages: u32, size: u32, pageSize: u32, first: u32): bool {
  let number = first;
  for (let page = pages, end = pages + size; page < end; page += pageSize) {
    if (load<u32>(page, 8) !== number++) return false;
  }
  return true;
}
