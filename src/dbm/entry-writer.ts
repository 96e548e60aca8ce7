import { copyLoosely, viewOf } from './bytes.ts';
import { EntryBlock } from './entry-block.ts';
import { type OutputStream, PIECE_SIZE } from './output.ts';
import type { Pairs } from './pairs.ts';

const NUL = Uint8Array.of(0);

/** Writes keys followed by their values, each with a NUL behind it where `terminated`. */
export class EntryWriter {
  readonly #block: EntryBlock;
  readonly #pool: Uint8Array;
  readonly #poolView: DataView;
  readonly #nul: number;

  constructor(pairs: Pairs, terminated: boolean) {
    this.#block = new EntryBlock(pairs);
    this.#pool = pairs.pool;
    this.#poolView = viewOf(pairs.pool);
    this.#nul = terminated ? 1 : 0;
  }

  /** Turns to `entries[from, to)`, which are numbered from 0 on below. A few hundred at a time are best. */
  load(entries: Uint32Array, from: number, to: number): void {
    this.#block.load(entries, from, to);
  }

  keyLength(i: number): number {
    return this.#block.keyEnd[i] - this.#block.keyStart[i] + this.#nul;
  }

  valueLength(i: number): number {
    return this.#block.valueEnd[i] - this.#block.valueStart[i] + this.#nul;
  }

  /** The key's first bytes, at most `count`, as they are stored. */
  copyKeyStart(i: number, count: number, to: Uint8Array, at: number): void {
    const start = this.#block.keyStart[i];
    const length = Math.min(count, this.#block.keyEnd[i] - start);
    for (let byte = 0; byte < length; byte++) to[at + byte] = this.#pool[start + byte];
  }

  /** Writes `head`, a few bytes, and the entry behind them. */
  write(stream: OutputStream, head: Uint8Array, i: number): void {
    const keyStart = this.#block.keyStart[i];
    const keyEnd = this.#block.keyEnd[i];
    const valueStart = this.#block.valueStart[i];
    const valueEnd = this.#block.valueEnd[i];
    const size = head.length + keyEnd - keyStart + valueEnd - valueStart + 2 * this.#nul;
    if (size > PIECE_SIZE) {
      stream.put(head);
      this.#putLong(stream, keyStart, keyEnd);
      this.#putLong(stream, valueStart, valueEnd);
      return;
    }
    let at = stream.take(size);
    const { bytes, view } = stream.piece;
    for (let byte = 0; byte < head.length; byte++) bytes[at++] = head[byte];
    at = copyLoosely(this.#pool, this.#poolView, keyStart, keyEnd, bytes, view, at);
    if (this.#nul === 1) bytes[at++] = 0;
    at = copyLoosely(this.#pool, this.#poolView, valueStart, valueEnd, bytes, view, at);
    if (this.#nul === 1) bytes[at] = 0;
  }

  #putLong(stream: OutputStream, start: number, end: number): void {
    stream.put(this.#pool.subarray(start, end));
    if (this.#nul === 1) stream.put(NUL);
  }
}
