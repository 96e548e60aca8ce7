import { printableText } from '../../config/printable.ts';

/** Byte order, as `LC_ALL=C sort` has it: negative, zero or positive. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const common = Math.min(aEnd - aStart, bEnd - bStart);
  for (let i = 0; i < common; i++) {
    const difference = a[aStart + i] - b[bStart + i];
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}

/**
 * Lower-cases the ASCII letters of a range in place. Other bytes stay: Unicode case rules map further letters onto ASCII
 * ones, and would hand one person's mail to another.
 */
export function lowerCaseAscii(bytes: Uint8Array, start: number, end: number): void {
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte >= 0x41 && byte <= 0x5a) bytes[i] = byte + 0x20;
  }
}

/** `target[at…] = source[start, end)`; a loop beats `set` and its view for the short keys of a table. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): void {
  if (end - start > 256) {
    target.set(source.subarray(start, end), at);
    return;
  }
  for (let from = start, to = at; from < end; from++, to++) target[to] = source[from];
}

/** C's isspace() in the C locale, which is what Exim's programs ask. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** Bytes for a person: UTF-8 where it is, escapes for what would disturb a line. */
export function printable(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return printableText(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'));
}
