import { BYTE_CLASS, UPPER } from './syntax.ts';

const QUOTE = 0x22;
const HASH = 0x23;
const BACKSLASH = 0x5c;

/** Whether a key must stand in double quotes: it is empty, would end early, or would be taken for something else. */
export function needsQuotes(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end || bytes[start] === QUOTE || bytes[start] === HASH) return true;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (BYTE_CLASS[byte] > UPPER) return true;
  }
  return false;
}

/**
 * Copies a key that needs no quotes, four bytes at a time; may write up to three bytes beyond its end.
 *
 * @returns false when it did not copy it: the key may need quotes
 */
export function copyPlainKey(
  bytes: DataView,
  start: number,
  end: number,
  target: DataView,
  targetStart: number,
): boolean {
  if (start === end || end + 4 > bytes.byteLength) return false;
  const first = bytes.getUint8(start);
  if (first === QUOTE || first === HASH) return false;
  let suspect = 0;
  let at = start;
  let to = targetStart;
  for (; at + 4 <= end; at += 4, to += 4) {
    const word = bytes.getUint32(at, true);
    target.setUint32(to, word, true);
    suspect |= suspectBytes(word);
  }
  if (at < end) {
    const word = bytes.getUint32(at, true);
    target.setUint32(to, word, true);
    const beyond = -1 << ((end - at) * 8);
    suspect |= suspectBytes(word | (beyond & 0x7f7f7f7f));
  }
  return suspect === 0;
}

/** Not 0 when any of the four bytes is a colon, or less than `!`: the well-known tests for a zero byte in a word. */
function suspectBytes(word: number): number {
  const colons = word ^ 0x3a3a3a3a;
  return (((word - 0x21212121) & ~word) | ((colons - 0x01010101) & ~colons)) & 0x80808080;
}

/** Bytes that `writeQuoted` writes. */
export function quotedLength(bytes: Uint8Array, start: number, end: number): number {
  let length = 2;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === QUOTE || byte === BACKSLASH) length += 2;
    else length += isControl(byte) ? 4 : 1;
  }
  return length;
}

/** Writes a key in double quotes, control characters in octal. @returns the offset behind it */
export function writeQuoted(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  let to = targetStart;
  target[to++] = QUOTE;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (isControl(byte)) {
      target[to++] = BACKSLASH;
      target[to++] = 0x30 + (byte >> 6);
      target[to++] = 0x30 + ((byte >> 3) & 7);
      target[to++] = 0x30 + (byte & 7);
    } else {
      if (byte === QUOTE || byte === BACKSLASH) target[to++] = BACKSLASH;
      target[to++] = byte;
    }
  }
  target[to++] = QUOTE;
  return to;
}

function isControl(byte: number): boolean {
  return byte < 0x20 || byte === 0x7f;
}
