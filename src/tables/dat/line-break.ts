import { isSpace } from '../bytes.ts';

const BLANK = 0x20;

/**
 * The last blank within `room` bytes of `start` at which a value can go on in a continuation line, which begins with that
 * very blank: a single one, since the reader folds the white space around a line's end into one blank.
 *
 * @returns its offset, or -1 when there is none
 */
export function lineBreak(bytes: Uint8Array, start: number, end: number, room: number): number {
  for (let at = Math.min(start + room, end - 2); at > start; at--) {
    if (bytes[at] === BLANK && !isSpace(bytes[at - 1]) && !isSpace(bytes[at + 1])) return at;
  }
  return -1;
}
