import { commonPrefix, copyLoosely, same } from '../../assembly/bytes';
import { keyEnd, keyStart, PLACE, valueEnd, valueStart } from '../../assembly/entry';

/** As in layout.ts. */
const PAGE: u32 = 4096;
const HEADER: u32 = 16;
const LEAF: u32 = 0x02;
const NODE_HEADER: u32 = 8;
const NODE_FLAGS = 4;
const NODE_KEY_SIZE = 6;
const BIG: u16 = 1;
const PAGE_NUMBER: u32 = 8;
const INDEX: u32 = 2;
const LARGEST_NODE: u32 = (((PAGE - HEADER) / 2) & ~1) - 2;

let written: u32 = 0;

/** How many entries are on the pages that `writeLeaves` has last written. */
export function entriesWritten(): u32 {
  return written;
}

function keySize(place: u32, nul: u32): u32 {
  return keyEnd(place) - keyStart(place) + nul;
}

function valueSize(place: u32, nul: u32): u32 {
  return valueEnd(place) - valueStart(place) + nul;
}

/** Whether the value lies on pages of its own. */
export function isBig(place: u32, nul: u32): bool {
  return <u64>NODE_HEADER + keySize(place, nul) + valueSize(place, nul) > LARGEST_NODE;
}

function nodeSize(place: u32, nul: u32): u32 {
  const value = isBig(place, nul) ? PAGE_NUMBER : valueSize(place, nul);
  return (NODE_HEADER + keySize(place, nul) + value + 1) & ~1;
}

/** How many pages a value takes that lies on its own. */
function pagesOf(place: u32, nul: u32): u32 {
  return <u32>((<u64>HEADER - 1 + valueSize(place, nul)) / PAGE) + 1;
}

/** How many of `count` entries a page holds. */
export function leafEnd(places: u32, count: u32, nul: u32): u32 {
  let used = HEADER;
  for (let i: u32 = 0; i < count; i++) {
    used += nodeSize(places + i * PLACE, nul) + INDEX;
    if (used > PAGE) return i;
  }
  return count;
}

/**
 * Writes entries, which are in order, to pages of their own at `out`, as long as there is room for another of `room` pages. Ends at
 * the first page that has a value on pages of its own; and, unless the last entry `isLast`, at one that more entries may have room
 * on. The first page has the number `page`; the number of each one's first entry goes to `firsts`.
 *
 * @returns how many pages were written
 */
export function writeLeaves(
  places: u32,
  count: u32,
  isLast: bool,
  nul: u32,
  out: u32,
  room: u32,
  page: u32,
  firsts: u32,
): u32 {
  let pages: u32 = 0;
  let from: u32 = 0;
  for (; pages < room && from < count; pages++) {
    const first = places + from * PLACE;
    const entries = leafEnd(first, count - from, nul);
    if (from + entries === count && !isLast) break;
    if (hasBig(first, entries, nul)) break;
    writeLeaf(first, entries, nul, out + pages * PAGE, page + pages, 0);
    store<u32>(firsts + (pages << 2), from);
    from += entries;
  }
  written = from;
  return pages;
}

function hasBig(places: u32, count: u32, nul: u32): bool {
  for (let i: u32 = 0; i < count; i++) if (isBig(places + i * PLACE, nul)) return true;
  return false;
}

/**
 * Writes one leaf at `out`, whose nodes lie in the order of their keys, to its end: so a copy may go beyond a node's. Values on pages
 * of their own follow each other from page `bigPage` on.
 */
export function writeLeaf(places: u32, count: u32, nul: u32, out: u32, page: u32, bigPage: u32): void {
  const indexEnd = out + HEADER + count * INDEX;
  let nodes: u32 = 0;
  for (let i: u32 = 0; i < count; i++) nodes += nodeSize(places + i * PLACE, nul);
  let at = out + PAGE - nodes;
  store<u64>(out, page);
  store<u32>(out, LEAF << 16, 8);
  store<u16>(out, <u16>(indexEnd - out), 12);
  store<u16>(out, <u16>(at - out), 14);
  memory.fill(indexEnd, 0, at - indexEnd);
  let next = bigPage;
  for (let i: u32 = 0; i < count; i++) {
    const place = places + i * PLACE;
    const big = isBig(place, nul);
    store<u16>(out + HEADER + i * INDEX, <u16>(at - out));
    store<u32>(at, valueSize(place, nul));
    store<u16>(at, big ? BIG : 0, NODE_FLAGS);
    store<u16>(at, <u16>keySize(place, nul), NODE_KEY_SIZE);
    at = copyItem(at + NODE_HEADER, keyStart(place), keyEnd(place), nul);
    if (big) {
      store<u64>(at, next);
      at += PAGE_NUMBER;
      next += pagesOf(place, nul);
    } else {
      at = copyItem(at, valueStart(place), valueEnd(place), nul);
    }
    if ((at & 1) === 1) store<u8>(at++, 0);
  }
}

function copyItem(at: u32, start: u32, end: u32, nul: u32): u32 {
  copyLoosely(at, start, end - start);
  const next = at + (end - start);
  if (nul === 1) store<u8>(next, 0);
  return next + nul;
}

/**
 * Whether `pages` pages from `leaves` on, the first of which is number `page`, hold the first `count` of `all` entries and no others,
 * in the order of their keys, so that lookups find them there; values on pages of their own follow each other from `bigPage` on.
 */
export function areLeaves(
  places: u32,
  count: u32,
  all: u32,
  nul: u32,
  leaves: u32,
  pages: u32,
  page: u32,
  bigPage: u32,
): bool {
  let done: u32 = 0;
  for (let i: u32 = 0; i < pages; i++) {
    const leaf = leaves + i * PAGE;
    const first = places + done * PLACE;
    const entries: u32 = (<u32>load<u16>(leaf, 12) - HEADER) / INDEX;
    if (entries > count - done || !isLeaf(first, entries, nul, leaf, page + i, bigPage)) return false;
    done += entries;
    if (done < all && !isBefore(first + (entries - 1) * PLACE, first + entries * PLACE)) return false;
  }
  return done === count;
}

/** Whether a page is what `writeLeaf` should have made, with its keys in ascending order. */
function isLeaf(places: u32, count: u32, nul: u32, leaf: u32, page: u32, bigPage: u32): bool {
  const isWhole =
    load<u64>(leaf) === page &&
    load<u32>(leaf, 8) === LEAF << 16 &&
    load<u16>(leaf, 12) === <u16>(HEADER + count * INDEX);
  if (!isWhole) return false;
  let at: u32 = load<u16>(leaf, 14);
  let next = bigPage;
  for (let i: u32 = 0; i < count; i++) {
    const place = places + i * PLACE;
    const node = leaf + at;
    const size = nodeSize(place, nul);
    if (load<u16>(leaf + HEADER + i * INDEX) !== <u16>at || at + size > PAGE) return false;
    const key = keyEnd(place) - keyStart(place);
    const value = valueEnd(place) - valueStart(place);
    const valueAt = node + NODE_HEADER + key + nul;
    const big = isBig(place, nul);
    const isNode =
      load<u32>(node) === value + nul &&
      load<u16>(node, NODE_FLAGS) === (big ? BIG : 0) &&
      load<u16>(node, NODE_KEY_SIZE) === <u16>(key + nul) &&
      same(node + NODE_HEADER, keyStart(place), key) &&
      (nul === 0 || load<u8>(valueAt - 1) === 0) &&
      (big
        ? load<u64>(valueAt) === next
        : same(valueAt, valueStart(place), value) && (nul === 0 || load<u8>(valueAt + value) === 0));
    if (!isNode) return false;
    if (i > 0 && !isBefore(place - PLACE, place)) return false;
    if (big) next += pagesOf(place, nul);
    at += size;
  }
  return at === PAGE;
}

function isBefore(a: u32, b: u32): bool {
  const lengthA = keyEnd(a) - keyStart(a);
  const lengthB = keyEnd(b) - keyStart(b);
  const shorter = min(lengthA, lengthB);
  const common = commonPrefix(keyStart(a), keyStart(b), shorter);
  if (common === shorter) return lengthA < lengthB;
  return load<u8>(keyStart(a) + common) < load<u8>(keyStart(b) + common);
}
