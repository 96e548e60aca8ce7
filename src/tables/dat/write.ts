import { copyLoosely, viewOf } from '../../dbm/bytes.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { copyBytes } from '../bytes.ts';
import { firstLineEnd, lineEnd } from './line-break.ts';
import { copyPlainKey, needsQuotes, writeQuoted } from './quote.ts';
import { MAX_LINE } from './syntax.ts';

const COLON = 0x3a;
const BLANK = 0x20;
const LF = 0x0a;

const BLOCK = 1 << 20;

/**
 * The text of a `.dat` in canonical form, for entries with unique keys in byte order: one line an entry, `key: value`,
 * longer ones continued. The same entries are always the same bytes.
 *
 * An entry that has no line in a `.dat` (see `unrepresentable`) still counts in the length of the text, which then must not
 * be published.
 *
 * @returns blocks of about a megabyte; each is good only until the next is asked for
 */
export function* datBlocks(pairs: Pairs): Generator<Uint8Array> {
  const text = new DatText(pairs);
  for (let block = text.next(); block.length > 0; block = text.next()) yield block;
}

/** Fills blocks in a plain method: a generator's loop is compiled to slower code. */
class DatText {
  readonly #pairs: Pairs;
  readonly #poolView: DataView;
  #block = Buffer.allocUnsafeSlow(BLOCK);
  #blockView = viewOf(this.#block);
  #entry = 0;

  constructor(pairs: Pairs) {
    this.#pairs = pairs;
    this.#poolView = viewOf(pairs.pool);
  }

  next(): Uint8Array {
    const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
    const poolView = this.#poolView;
    let block = this.#block;
    let blockView = this.#blockView;
    let at = 0;
    let entry = this.#entry;
    for (; entry < count; entry++) {
      const keyFrom = keyStart[entry];
      const keyTo = keyEnd[entry];
      const valueFrom = valueStart[entry];
      const valueTo = valueEnd[entry];
      const most = (keyTo - keyFrom) * 4 + (valueTo - valueFrom) * 2 + 8;
      if (at + most > block.length) {
        if (at > 0) break;
        block = this.#block = Buffer.allocUnsafeSlow(most);
        blockView = this.#blockView = viewOf(block);
      }

      const lineStart = at;
      if (copyPlainKey(poolView, keyFrom, keyTo, blockView, at)) at += keyTo - keyFrom;
      else at = writeKey(pool, keyFrom, keyTo, block, at);
      block[at++] = COLON;
      const room = MAX_LINE - (at - lineStart);
      const valueLength = valueTo - valueFrom;
      if (valueLength < room && pool[valueFrom] !== BLANK) {
        if (valueLength > 0) block[at++] = BLANK;
        at = copyLoosely(pool, poolView, valueFrom, valueTo, block, blockView, at);
      } else {
        at = writeLines(pool, valueFrom, valueTo, block, at, room);
      }
      block[at++] = LF;
    }
    this.#entry = entry;
    return block.subarray(0, at);
  }
}

/** @returns the offset behind the key */
function writeKey(pool: Uint8Array, from: number, to: number, block: Uint8Array, at: number): number {
  if (needsQuotes(pool, from, to)) return writeQuoted(pool, from, to, block, at);
  copyBytes(pool, from, to, block, at);
  return at + to - from;
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
