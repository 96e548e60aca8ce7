import { counts, firsts, valueEnds, valueStarts } from './entry';

/** Longer ones are rare, and left to others. */
const MOST: u32 = 64;
const COLON: u32 = 0x3a;
/** The first four bytes of `smtp:` and `SMTP:`, as a number, and the bits in which they differ. */
const SMTP: u32 = 0x70746d73;
const PRIMARY: u32 = 0x50544d53;
const CASE: u32 = 0x20202020;
const PREFIX: u32 = 5;

let starts: u32 = 0;
let ats: u32 = 0;
let ends: u32 = 0;
let found: u32 = 0;

/**
 * Says where `readAddresses` puts what it finds.
 *
 * @param numbers for four of them: how many values are no addresses; the number of the address that is marked as the primary one, of
 *   several the smallest; that of the smallest where none needs a prefix; each -1 where there is none; and what is used of the scratch
 *   buffer
 */
export function setAddressColumns(startColumn: u32, atColumn: u32, endColumn: u32, numbers: u32): void {
  starts = startColumn;
  ats = atColumn;
  ends = endColumn;
  found = numbers;
}

/**
 * Reads the values of an address attribute of the entry that was decoded last, as `Addresses` does. The addresses go behind what is used
 * of `scratch`, lower-cased and without their prefixes, and where they are in it to columns, from the number `first` on.
 *
 * @returns how many addresses there are now; or -1 where a value is neither an address of the common kind nor of another kind
 */
export function readAddresses(
  base: u32,
  slot: u32,
  needsPrefix: bool,
  first: u32,
  scratch: u32,
  used: u32,
): i32 {
  let addresses = first;
  let to = scratch + used;
  let otherKinds: u32 = 0;
  let marked: i32 = -1;
  let smallest: i32 = -1;
  const values = load<u32>(firsts + (slot << 2)) << 2;
  const valuesEnd = values + (load<u32>(counts + (slot << 2)) << 2);
  for (let i = values; i < valuesEnd; i += 4) {
    const start = base + load<u32>(valueStarts + i);
    const end = base + load<u32>(valueEnds + i);
    const kind: u32 = end - start < PREFIX || load<u8>(start, 4) !== COLON ? 0 : load<u32>(start);
    const hasPrefix = (kind | CASE) === SMTP;
    if (!hasPrefix && hasOtherPrefix(start, end)) {
      otherKinds++;
      continue;
    }
    if (!hasPrefix && needsPrefix) return -1;
    const from = hasPrefix ? start + PREFIX : start;
    const at = copyAddress(from, end, to);
    if (at === 0) return -1;
    const column = addresses << 2;
    store<u32>(starts + column, to - scratch);
    store<u32>(ats + column, at - scratch);
    to += end - from;
    store<u32>(ends + column, to - scratch);
    if (kind === PRIMARY) marked = smaller(marked, addresses, scratch);
    else if (!needsPrefix) smallest = smaller(smallest, addresses, scratch);
    addresses++;
  }
  store<u32>(found, otherKinds);
  store<i32>(found, marked, 4);
  store<i32>(found, smallest, 8);
  store<u32>(found, to - scratch, 12);
  return addresses;
}

/** Whether there is a kind in front: letters and digits, and a colon. */
function hasOtherPrefix(start: u32, end: u32): bool {
  for (let at = start; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte === COLON) return at > start;
    if ((byte | 0x20) - 0x61 >= 26 && byte - 0x30 >= 10) return false;
  }
  return false;
}

/** The number of the address that comes first by its bytes; `a` may be -1, and wins where both are the same. */
function smaller(a: i32, b: i32, base: u32): i32 {
  if (a < 0) return b;
  let i = base + load<u32>(starts + (a << 2));
  let j = base + load<u32>(starts + (b << 2));
  const endA = base + load<u32>(ends + (a << 2));
  const endB = base + load<u32>(ends + (b << 2));
  for (; i < endA && j < endB; i++, j++) {
    const byteA: u32 = load<u8>(i);
    const byteB: u32 = load<u8>(j);
    if (byteA !== byteB) return byteA < byteB ? a : b;
  }
  return j < endB || i === endA ? a : b;
}

/**
 * Copies an address in lower case, and checks it as `addressFault` does. Reads and writes up to 15 bytes beyond its end.
 *
 * @returns where its `@` is in the copy; or 0 for what is no address, or has more bytes than most
 */
export function copyAddress(from: u32, end: u32, to: u32): u32 {
  const length = end - from;
  if (length - 1 >= MOST) return 0;
  let notAtext: u64 = 0;
  let notAlphanumeric: u64 = 0;
  let dot: u64 = 0;
  let hyphen: u64 = 0;
  let at: u64 = 0;
  for (let i: u32 = 0; i < length; i += 16) {
    const bytes = v128.load(from + i);
    const upper = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(26));
    const folded = v128.xor(bytes, v128.and(upper, i8x16.splat(0x20)));
    v128.store(to + i, folded);
    const low = v128.and(folded, i8x16.splat(0x0f));
    const high = i8x16.swizzle(HIGH, i8x16.shr_u(folded, 4));
    notAtext |= equal(v128.and(i8x16.swizzle(ATEXT, low), high), 0) << i;
    notAlphanumeric |= equal(v128.and(i8x16.swizzle(ALPHANUMERIC, low), high), 0) << i;
    dot |= equal(folded, 0x2e) << i;
    hyphen |= equal(folded, 0x2d) << i;
    at |= equal(folded, 0x40) << i;
  }
  const all = u64.MAX_VALUE >> (64 - length);
  at &= all;
  if (popcnt(at) !== 1) return 0;
  const local = at - 1;
  const domain = all ^ local ^ at;
  // A dot neither begins nor ends a local part, nor stands behind another one.
  const dotOrEdge = dot | at;
  let wrong = local & notAtext & ~dot;
  wrong |= dotOrEdge & ((dotOrEdge << 1) | 1) & (local | at);
  // Dots and hyphens neither begin nor end a label, so they don't meet; but hyphens may.
  const edge = dot | hyphen | at;
  wrong |= domain & notAlphanumeric & ~(dot | hyphen);
  wrong |= edge & (edge << 1) & ~(hyphen & (hyphen << 1)) & domain;
  wrong |= edge & ((<u64>1) << (length - 1));
  return wrong === 0 ? to + <u32>ctz(at) : 0;
}

/**
 * Sets of bytes below 0x80, but capital letters: for each low half of a byte a bit for each of the high halves with which it is in
 * the set. Characters of local parts but the dot, and letters and digits.
 */
const ATEXT = i32x4(<i32>0xccc8ccc8, <i32>0xcccccccc, <i32>0xc4c4c8c8, 0x6ce0ccc0);
const ALPHANUMERIC = i32x4(<i32>0xc8c8c888, <i32>0xc8c8c8c8, 0x40c0c8c8, 0x40404040);
/** The bits of these high halves. */
const HIGH = i32x4(0x08040201, <i32>0x80402010, 0, 0);

/** A bit for each of 16 bytes that is `byte`. */
function equal(bytes: v128, byte: i8): u64 {
  return <u64>i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(byte)));
}
