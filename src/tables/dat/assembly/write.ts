import { copyLoosely, LOOSE } from '../../../dbm/assembly/bytes';

const LF: u8 = 0x0a;
const BLANK: u32 = 0x20;
const QUOTE: u32 = 0x22;
const HASH: u32 = 0x23;
const COLON: u32 = 0x3a;
/** As in syntax.ts. */
const MAX_LINE: u32 = 19_998;
/** Entries whose bytes are fetched at a time. */
const STRETCH: u32 = 64;

let lines: u32 = 0;
/** Means nothing; see `fetch`. */
export let touched: u32 = 0;

/** How many entries the last `writePlainLines` has written. */
export function linesWritten(): u32 {
  return lines;
}

/**
 * Writes entries, a line each, as far as each is one line without quotes and has room in the `room` bytes at `out`. The first one's
 * numbers are at the addresses of the columns; they are offsets from `base`.
 *
 * @returns the bytes that were written; up to 32 behind them may have changed
 */
export function writePlainLines(
  base: u32,
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
  count: u32,
  out: u32,
  room: u32,
): u32 {
  const end = out + room - LOOSE;
  let at = out;
  let entry: u32 = 0;
  for (; entry < count; entry++) {
    const column = entry << 2;
    if (entry % STRETCH === 0)
      fetch(base, keyStarts + column, valueStarts + column, min(STRETCH, count - entry));
    const key = base + load<u32>(keyStarts + column);
    const value = base + load<u32>(valueStarts + column);
    const keyLength = base + load<u32>(keyEnds + column) - key;
    const valueLength = base + load<u32>(valueEnds + column) - value;
    const length = keyLength + valueLength + 2;
    if (length > MAX_LINE || at + length + 1 > end || load<u8>(value) === BLANK) break;
    if (!copyPlainKey(key, keyLength, at)) break;
    at += keyLength;
    store<u8>(at++, <u8>COLON);
    if (valueLength > 0) store<u8>(at++, <u8>BLANK);
    copyLoosely(at, value, valueLength);
    at += valueLength;
    store<u8>(at++, LF);
  }
  lines = entry;
  return at - out;
}

/** Keys and values lie scattered: a loop that does nothing else waits for many of them at once. */
function fetch(base: u32, keyStarts: u32, valueStarts: u32, count: u32): void {
  let bytes: u32 = 0;
  for (let column: u32 = 0; column < count << 2; column += 4) {
    bytes ^=
      load<u8>(base + load<u32>(keyStarts + column)) ^ load<u8>(base + load<u32>(valueStarts + column));
  }
  touched ^= bytes;
}

/** @returns false where the key may need quotes */
function copyPlainKey(key: u32, length: u32, to: u32): bool {
  const first: u32 = load<u8>(key);
  if (length === 0 || first === QUOTE || first === HASH) return false;
  for (let i: u32 = 0; i < length; i += 16) {
    const bytes = v128.load(key + i);
    v128.store(to + i, bytes);
    const suspects = v128.or(i8x16.lt_u(bytes, i8x16.splat(0x21)), i8x16.eq(bytes, i8x16.splat(<i8>COLON)));
    const own = length - i >= 16 ? 0xffff : (1 << (length - i)) - 1;
    if ((i8x16.bitmask(suspects) & own) !== 0) return false;
  }
  return true;
}
