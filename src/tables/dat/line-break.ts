import { isSpace } from '../columns/bytes.ts';

const BLANK = 0x20;

/**
 * Where the first line of a value ends, which stands behind its key: at once for a value that begins with a blank, since
 * the reader passes over white space there and only a continuation line can give one.
 *
 * @param room bytes that the line has left
 * @returns its end, or -1 when the value can't be broken there
 */
export function firstLineEnd(bytes: Uint8Array, start: number, end: number, room: number): number {
  return start < end && bytes[start] === BLANK ? start : lineEnd(bytes, start, end, room);
}

/**
 * Where a line that begins with `bytes[start]` ends: at `end` if it has room for the rest, else at the last blank from
 * which the value can go on in a continuation line, which begins with that very blank. It must be a single one, since the reader
 * folds the white space around a line's end into one blank.
 *
 * @returns its end, or -1 when there is none
 */
export function lineEnd(bytes: Uint8Array, start: number, end: number, room: number): number {
  if (end - start <= room) return end;
  for (let at = start + room; at > start; at--) {
    if (bytes[at] === BLANK && !isSpace(bytes[at - 1]) && !isSpace(bytes[at + 1])) return at;
  }
  return -1;
}
