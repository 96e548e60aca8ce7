import { copyLoosely, viewOf } from '../../dbm/bytes.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { copyBytes } from '../columns/bytes.ts';
import { firstLineEnd, lineEnd } from './line-break.ts';
import { copyPlainKey, needsQuotes, writeQuoted } from './quote.ts';
import { MAX_LINE } from './syntax.ts';

const COLON = 0x3a;
const BLANK = 0x20;
const LF = 0x0a;

const BLOCK = 1 << 20;
/** The newline, and what the copying of short texts may write beyond their end. */
const SLACK = 4;

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

/** Fills blocks in plain methods: a generator's loop is compiled to slower code. */
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
    let at = 0;
    for (;;) {
      at = this.#writePlainLines(at);
      if (this.#entry === this.#pairs.count) break;
      const { keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
      const i = this.#entry;
      const most = (keyEnd[i] - keyStart[i]) * 4 + (valueEnd[i] - valueStart[i]) * 2 + 8;
      if (at + most > this.#block.length) {
        if (at > 0) break;
        this.#block = Buffer.allocUnsafeSlow(most);
        this.#blockView = viewOf(this.#block);
      }
      at = this.#writeEntry(i, at);
      this.#entry++;
    }
    return this.#block.subarray(0, at);
  }

  /**
   * The hot path, which holds nothing else so that it is compiled soon: writes entries as far as each has room in the block
   * and is one line without quotes.
   *
   * @returns the offset behind them
   */
  #writePlainLines(start: number): number {
    const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
    const poolView = this.#poolView;
    const block = this.#block;
    const blockView = this.#blockView;
    let at = start;
    let entry = this.#entry;
    for (; entry < count; entry++) {
      const keyFrom = keyStart[entry];
      const keyTo = keyEnd[entry];
      const valueFrom = valueStart[entry];
      const valueTo = valueEnd[entry];
      const length = keyTo - keyFrom + valueTo - valueFrom + 2;
      if (length > MAX_LINE || at + length + SLACK > block.length || pool[valueFrom] === BLANK) break;
      if (!copyPlainKey(poolView, keyFrom, keyTo, blockView, at)) break;
      at += keyTo - keyFrom;
      block[at++] = COLON;
      if (valueTo > valueFrom) block[at++] = BLANK;
      at = copyLoosely(pool, poolView, valueFrom, valueTo, block, blockView, at);
      block[at++] = LF;
    }
    this.#entry = entry;
    return at;
  }

  /** Writes any entry. @returns the offset behind it */
  #writeEntry(entry: number, start: number): number {
    const { pool, keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
    const block = this.#block;
    let at = writeKey(pool, keyStart[entry], keyEnd[entry], block, start);
    block[at++] = COLON;
    at = writeLines(pool, valueStart[entry], valueEnd[entry], block, at, MAX_LINE - (at - start));
    block[at++] = LF;
    return at;
  }
}

/** @returns the offset behind the key */
function writeKey(pool: Uint8Array, from: number, to: number, block: Uint8Array, at: number): number {
  if (needsQuotes(pool, from, to)) return writeQuoted(pool, from, to, block, at);
  copyBytes(pool, from, to, block, at);
  return at + to - from;
}

/** Writes a value behind its key and colon, in as many lines as it needs. @returns the offset behind it */
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
