import { isSpace } from '../columns/bytes.ts';
import { firstLineEnd, lineEnd } from './line-break.ts';
import { needsQuotes, quotedLength } from './quote.ts';
import { MAX_JOINED_VALUE, MAX_KEY, MAX_LINE } from './syntax.ts';

const BLANK = 0x20;
/** Every byte an octal escape, the quotes, the colon. */
const LONGEST_QUOTED_KEY = 4 * MAX_KEY + 3;

/**
 * Why an entry has no line in a `.dat` (as `datBlocks` writes them), in words for its report; undefined when it has
 * one. Keys are in lower case.
 */
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
  if (valueEnd > valueStart && (!canBegin(valueBytes, valueStart) || isSpace(valueBytes[valueEnd - 1]))) {
    return 'the value begins or ends with white space';
  }
  return fitsLines(keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd);
}

/** A single blank can begin a value: it then stands in continuation lines alone. */
function canBegin(bytes: Uint8Array, start: number): boolean {
  return !isSpace(bytes[start]) || (bytes[start] === BLANK && !isSpace(bytes[start + 1]));
}

function fitsLines(
  keyBytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueBytes: Uint8Array,
  valueStart: number,
  valueEnd: number,
): string | undefined {
  const length = valueEnd - valueStart;
  if (length + LONGEST_QUOTED_KEY < MAX_LINE) return undefined;
  const keyLength = needsQuotes(keyBytes, keyStart, keyEnd)
    ? quotedLength(keyBytes, keyStart, keyEnd)
    : keyEnd - keyStart;
  let end = firstLineEnd(valueBytes, valueStart, valueEnd, MAX_LINE - 1 - keyLength);
  if (end < valueEnd && length > MAX_JOINED_VALUE)
    return `the value is longer than ${MAX_JOINED_VALUE} bytes`;
  while (end >= 0 && end < valueEnd) end = lineEnd(valueBytes, end, valueEnd, MAX_LINE);
  return end < 0 ? `the value has a word that is longer than a line of ${MAX_LINE} bytes` : undefined;
}
