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
 * newline. Keys are lower-cased where `folds` is 1. Offsets from `base` on go to the columns. May read 16 bytes beyond a line.
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
  const fold = i8x16.splat(folds === 1 ? 0x20 : 0);
  let column: u32 = 0;
  let start = from;
  while (start < until) {
    const first: u32 = load<u8>(start);
    if (first === QUOTE || first === HASH) break;
    const keyEnd = foldKey(start, fold);
    if (keyEnd === start || keyEnd - start > MAX_KEY) break;
    let at = keyEnd;
    if (load<u8>(at) !== COLON) at = skipSpaces(at);
    if (load<u8>(at) === COLON) at = skipSpaces(at + 1);
    const valueStart = at;
    at = textEnd(at);
    if (load<u8>(at) !== LF || at - start > MAX_LINE) break;
    store<u32>(keyStarts + column, start - base);
    store<u32>(keyEnds + column, keyEnd - base);
    store<u32>(valueStarts + column, valueStart - base);
    start = at + 1;
    while (at > valueStart && isSpace(load<u8>(at - 1))) at--;
    store<u32>(valueEnds + column, at - base);
    column += 4;
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

/** Lower-cases the bytes of a key that is not quoted. @returns where it ends: at a NUL, a colon or white space */
function foldKey(start: u32, fold: v128): u32 {
  let at = start;
  let ends = foldPart(at, fold);
  while (ends === 0) {
    at += 16;
    ends = foldPart(at, fold);
  }
  return at + ctz(ends);
}

/** Lower-cases what of the next 16 bytes is in the key. @returns a bit for each byte that can't be */
function foldPart(at: u32, fold: v128): u32 {
  const bytes = v128.load(at);
  const separators = v128.or(i8x16.eq(bytes, i8x16.splat(0)), i8x16.eq(bytes, i8x16.splat(0x3a)));
  const tabs = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x09)), i8x16.splat(5));
  const ends = i8x16.bitmask(v128.or(separators, v128.or(tabs, i8x16.eq(bytes, i8x16.splat(0x20)))));
  const upper = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(26));
  const change = v128.and(upper, fold);
  if (v128.any_true(change)) v128.store(at, v128.xor(bytes, v128.and(change, firstLanes(ends))));
  return ends;
}

/** All bits of the lanes before the first one that `ends` has a bit for. */
function firstLanes(ends: u32): v128 {
  const numbers = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return i8x16.lt_s(numbers, i8x16.splat(<i8>(ends === 0 ? 16 : ctz(ends))));
}

/** The next newline or NUL. */
function textEnd(at: u32): u32 {
  let ends = textEnds(at);
  while (ends === 0) {
    at += 16;
    ends = textEnds(at);
  }
  return at + ctz(ends);
}

/** A bit for each newline and NUL in the next 16 bytes. */
function textEnds(at: u32): u32 {
  const bytes = v128.load(at);
  return i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(0x0a)), i8x16.eq(bytes, i8x16.splat(0))));
}
