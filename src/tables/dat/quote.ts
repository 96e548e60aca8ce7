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
