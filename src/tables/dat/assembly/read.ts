import { fetch } from '../../../dbm/assembly/bytes';

const LF: u32 = 0x0a;
const QUOTE: u32 = 0x22;
const HASH: u32 = 0x23;
const COLON: u32 = 0x3a;
/** As `MAX_KEY` and `MAX_LINE` in syntax.ts. */
const MAX_KEY: u32 = 255;
const MAX_LINE: u32 = 19_998;

let entries: u32 = 0;

/** How many entries the last `readPlainEntries` has read. */
export function entriesRead(): u32 {
  return entries;
}

/**
 * Reads entries whose line needs nothing else, as far as they follow each other and begin before `until`: every such line has its
 * newline. Keys are lower-cased where `folds` is 1. Offsets from `base` on go to the columns. May read 64 bytes beyond a line.
 *
 * @returns the line to go on with
 */
export function readPlainEntries(
  from: u32,
  until: u32,
  folds: u32,
  base: u32,
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
): u32 {
  fetch(from, until);
  const fold = i8x16.splat(folds === 1 ? 0x20 : 0);
  let column: u32 = 0;
  let start = from;
  while (start < until) {
    const first: u32 = load<u8>(start);
    if (first === QUOTE || first === HASH) break;
    // Looked for from the line's first byte, so that the next line need not wait for what is found in this one.
    const lineEnd = textEnd(start);
    if (load<u8>(lineEnd) !== LF || lineEnd - start > MAX_LINE) break;
    const keyEnd = foldKey(start, fold);
    if (keyEnd === start || keyEnd - start > MAX_KEY) break;
    let at = keyEnd;
    if (load<u8>(at) !== COLON) {
      if (!isSpace(load<u8>(at))) break;
      at = skipSpaces(at);
    }
    if (load<u8>(at) === COLON) at = skipSpaces(at + 1);
    let valueEnd = lineEnd;
    while (valueEnd > at && isSpace(load<u8>(valueEnd - 1))) valueEnd--;
    store<u32>(keyStarts + column, start - base);
    store<u32>(keyEnds + column, keyEnd - base);
    store<u32>(valueStarts + column, at - base);
    store<u32>(valueEnds + column, valueEnd - base);
    column += 4;
    start = lineEnd + 1;
  }
  entries = column >> 2;
  return start;
}

function isSpace(byte: u32): bool {
  return byte === 0x20 || byte - 0x09 < 5;
}

/** Behind white space; a newline ends it. */
function skipSpaces(at: u32): u32 {
  let byte: u32 = load<u8>(at);
  while (byte !== LF && isSpace(byte)) byte = load<u8>(++at);
  return at;
}

/**
 * Lower-cases the bytes of a key that is not quoted. Most keys end in the first 32 bytes: what takes the same steps whether they have
 * 15 or 17 leaves the processor nothing to guess.
 *
 * @returns where it ends: at a colon, white space, or a control character, which may not end it
 */
function foldKey(start: u32, fold: v128): u32 {
  let at = start;
  let ends: u32 = 0;
  do {
    const first = v128.load(at);
    const second = v128.load(at, 16);
    ends = keyEnds(first) | (keyEnds(second) << 16);
    const capitals = v128.or(capitalsOf(first), capitalsOf(second));
    if (v128.any_true(v128.and(capitals, fold))) {
      v128.store(at, folded(first, ends));
      if (<u16>ends === 0) v128.store(at, folded(second, ends >>> 16), 16);
    }
    at += 32;
  } while (ends === 0);
  return at - 32 + ctz(ends);
}

/** A bit for each byte that is a colon, or not above a space. */
function keyEnds(bytes: v128): u32 {
  const low = i8x16.eq(i8x16.min_u(bytes, i8x16.splat(0x20)), bytes);
  return i8x16.bitmask(v128.or(low, i8x16.eq(bytes, i8x16.splat(<i8>COLON))));
}

/** Moved so that A is the lowest number there is, the letters are below one bound. */
function capitalsOf(bytes: v128): v128 {
  const lowest = i8.MIN_VALUE;
  return i8x16.lt_s(i8x16.add(bytes, i8x16.splat(lowest - 0x41)), i8x16.splat(lowest + 26));
}

/** Bytes of a key with small letters, as far as the first one that `ends` has a bit for. */
function folded(bytes: v128, ends: u32): v128 {
  const numbers = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const own = i8x16.lt_s(numbers, i8x16.splat(<i8>min(16, ctz(ends))));
  return v128.xor(bytes, v128.and(v128.and(capitalsOf(bytes), own), i8x16.splat(0x20)));
}

/** The next newline or NUL. */
function textEnd(start: u32): u32 {
  let at = start;
  let ends: u64 = 0;
  do {
    const low = textEnds(v128.load(at)) | (textEnds(v128.load(at, 16)) << 16);
    const high = textEnds(v128.load(at, 32)) | (textEnds(v128.load(at, 48)) << 16);
    ends = <u64>low | ((<u64>high) << 32);
    at += 64;
  } while (ends === 0);
  return at - 64 + <u32>ctz(ends);
}

/** A bit for each newline and NUL. */
function textEnds(bytes: v128): u32 {
  return i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(0x0a)), i8x16.eq(bytes, i8x16.splat(0))));
}
