import type { Pairs } from '../../dbm/pairs.ts';
import { copyBytes } from '../bytes.ts';
import { firstLineEnd, lineEnd } from './line-break.ts';
import { copyPlainKey, needsQuotes, quotedLength, writeQuoted } from './quote.ts';
import { MAX_LINE } from './syntax.ts';

const COLON = 0x3a;
const BLANK = 0x20;
const LF = 0x0a;

/** A table in canonical form: keys unique and in byte order, with the text of its `.dat`. */
export interface Table extends Pairs {
  /** One line an entry, `key: value`, longer ones continued: the same entries are always the same bytes. */
  readonly text: Uint8Array;
}

/**
 * Writes the entries that `order` names, in that order, as the text of a `.dat`.
 *
 * The text is the pool of the result, so that later passes run through memory forwards; keys and values that stand
 * otherwise in the text (quoted, continued) have their plain bytes behind it.
 *
 * An entry that has no line in a `.dat` (see `unrepresentable`) still counts in the length of the text, which then must not
 * be published.
 *
 * @param order numbers of entries with unique keys in byte order
 */
export function canonicalTable(pairs: Pairs, order: Uint32Array): Table {
  const { pool, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  const count = order.length;
  const bytes = Buffer.allocUnsafeSlow(spaceFor(pairs));
  const table = {
    count,
    keyStart: new Uint32Array(count),
    keyEnd: new Uint32Array(count),
    valueStart: new Uint32Array(count),
    valueEnd: new Uint32Array(count),
  };
  let at = 0;
  let plain = bytes.length;
  for (let i = 0; i < count; i++) {
    const entry = order[i];
    const lineStart = at;
    const keyFrom = keyStart[entry];
    const keyTo = keyEnd[entry];
    const valueFrom = valueStart[entry];
    const valueTo = valueEnd[entry];
    const valueLength = valueTo - valueFrom;

    if (copyPlainKey(pool, keyFrom, keyTo, bytes, at)) {
      table.keyStart[i] = at;
      at += keyTo - keyFrom;
    } else {
      at = writeQuoted(pool, keyFrom, keyTo, bytes, at);
      plain -= keyTo - keyFrom;
      copyBytes(pool, keyFrom, keyTo, bytes, plain);
      table.keyStart[i] = plain;
    }
    table.keyEnd[i] = table.keyStart[i] + keyTo - keyFrom;

    bytes[at++] = COLON;
    const room = MAX_LINE - (at - lineStart);
    if (valueLength < room && pool[valueFrom] !== BLANK) {
      if (valueLength > 0) bytes[at++] = BLANK;
      copyBytes(pool, valueFrom, valueTo, bytes, at);
      table.valueStart[i] = at;
      at += valueLength;
    } else {
      at = writeLines(pool, valueFrom, valueTo, bytes, at, room);
      plain -= valueLength;
      copyBytes(pool, valueFrom, valueTo, bytes, plain);
      table.valueStart[i] = plain;
    }
    table.valueEnd[i] = table.valueStart[i] + valueLength;
    bytes[at++] = LF;
  }
  return { ...table, pool: bytes, text: bytes.subarray(0, at) };
}

/** Enough bytes for all entries, those that `order` leaves out too: memory is read forwards here. */
function spaceFor(pairs: Pairs): number {
  const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  let space = 0;
  for (let entry = 0; entry < count; entry++) {
    const keyLength = keyEnd[entry] - keyStart[entry];
    const valueLength = valueEnd[entry] - valueStart[entry];
    space += keyLength + valueLength + 3;
    if (needsQuotes(pool, keyStart[entry], keyEnd[entry])) {
      space += quotedLength(pool, keyStart[entry], keyEnd[entry]);
    }
    // Each word of a continued value may begin a line, and the value stands a second time behind the text.
    const mayContinue = keyLength * 4 + valueLength + 8 > MAX_LINE || pool[valueStart[entry]] === BLANK;
    if (mayContinue) space += valueLength * 2;
  }
  return space;
}

/** Writes a value that does not simply stand behind its key. @returns the offset behind it */
function writeLines(
  pool: Uint8Array,
  from: number,
  to: number,
  bytes: Uint8Array,
  start: number,
  room: number,
): number {
  let at = start;
  let lineStart = from;
  let end = firstLineEnd(pool, from, to, room);
  if (end > from && end - from < room) bytes[at++] = BLANK;
  while (end >= 0 && end < to) {
    copyBytes(pool, lineStart, end, bytes, at);
    at += end - lineStart;
    bytes[at++] = LF;
    lineStart = end;
    end = lineEnd(pool, lineStart, to, MAX_LINE);
  }
  copyBytes(pool, lineStart, to, bytes, at);
  return at + to - lineStart;
}
