import { isSpace } from '../bytes.ts';
import { lineBreak } from './line-break.ts';
import { needsQuotes, quotedLength } from './quote.ts';
import { MAX_JOINED_VALUE, MAX_KEY, MAX_LINE } from './syntax.ts';

/** Why an entry has no line in a `.dat`, in words for its report; undefined when it has one. Keys are in lower case. */
export function unrepresentable(
  keyBytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueBytes: Uint8Array,
  valueStart: number,
  valueEnd: number,
): string | undefined {
  if (keyEnd === keyStart) return 'the key is empty';
  if (keyEnd - keyStart > MAX_KEY) return `the key is longer than ${MAX_KEY} bytes`;
  for (let at = valueStart; at < valueEnd; at++) {
    const byte = valueBytes[at];
    if (byte === 0x0a) return 'the value has a line break';
    if (byte === 0) return 'the value has a NUL byte';
  }
  if (valueEnd > valueStart && (isSpace(valueBytes[valueStart]) || isSpace(valueBytes[valueEnd - 1]))) {
    return 'the value begins or ends with white space';
  }
  return fitsLines(keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd);
}

function fitsLines(
  keyBytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueBytes: Uint8Array,
  valueStart: number,
  valueEnd: number,
): string | undefined {
  let room = MAX_LINE - 2 - (keyEnd - keyStart);
  if (valueEnd - valueStart + 4 * MAX_KEY < room) return undefined;
  if (needsQuotes(keyBytes, keyStart, keyEnd)) room = MAX_LINE - 2 - quotedLength(keyBytes, keyStart, keyEnd);
  if (valueEnd - valueStart <= room) return undefined;
  if (valueEnd - valueStart > MAX_JOINED_VALUE) return `the value is longer than ${MAX_JOINED_VALUE} bytes`;
  let rest = valueStart;
  while (valueEnd - rest > room) {
    rest = lineBreak(valueBytes, rest, valueEnd, room);
    if (rest < 0) return `the value has a word that is longer than a line of ${MAX_LINE} bytes`;
    room = MAX_LINE;
  }
  return undefined;
}
