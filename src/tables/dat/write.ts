import { type LinearColumns, linearColumns } from '../../dbm/linear-columns.ts';
import type { LinearMemory } from '../../dbm/linear-memory.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { copyBytes } from '../columns/bytes.ts';
import { firstLineEnd, lineEnd } from './line-break.ts';
import { type Loops, loopsIn } from './loops.ts';
import { needsQuotes, writeQuoted } from './quote.ts';
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

/** Fills blocks: compiled loops write what is one line without quotes, which is nearly everything. */
class DatText {
  readonly #pairs: Pairs;
  readonly #memory: LinearMemory;
  readonly #loops: Loops;
  /** Addresses of the pool and the columns. */
  readonly #base: number;
  readonly #columns: LinearColumns['columns'];
  #block: Uint8Array;
  #entry = 0;

  constructor(pairs: Pairs) {
    const { memory, base, columns } = linearColumns(pairs);
    this.#pairs = pairs;
    this.#memory = memory;
    this.#loops = loopsIn(memory);
    this.#base = base;
    this.#columns = columns;
    this.#block = this.#newBlock(BLOCK);
  }

  next(): Uint8Array {
    let at = 0;
    for (;;) {
      at += this.#writePlainLines(at);
      if (this.#entry === this.#pairs.count) break;
      const { keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
      const i = this.#entry;
      const most = (keyEnd[i] - keyStart[i]) * 4 + (valueEnd[i] - valueStart[i]) * 2 + 8;
      if (at + most > this.#block.length) {
        if (at > 0) break;
        this.#block = this.#newBlock(most);
      }
      at = this.#writeEntry(i, at);
      this.#entry++;
    }
    return this.#block.subarray(0, at);
  }

  #newBlock(bytes: number): Uint8Array {
    return this.#memory.bytes(this.#memory.reserve(bytes), bytes);
  }

  /** @returns how many bytes behind the first `start` of the block were written */
  #writePlainLines(start: number): number {
    const [keyStart, keyEnd, valueStart, valueEnd] = this.#columns;
    const column = 4 * this.#entry;
    const written = this.#loops.writePlainLines(
      this.#base,
      keyStart + column,
      keyEnd + column,
      valueStart + column,
      valueEnd + column,
      this.#pairs.count - this.#entry,
      this.#block.byteOffset + start,
      this.#block.length - start,
    );
    this.#entry += this.#loops.linesWritten();
    return written;
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
