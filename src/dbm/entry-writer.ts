import { copyLoosely, viewOf } from './bytes.ts';
import { type OutputStream, PIECE_SIZE } from './output.ts';
import type { Pairs } from './pairs.ts';

const NUL = Uint8Array.of(0);

/** Writes keys followed by their values, each with a NUL behind it where `terminated`. */
export class EntryWriter {
  readonly #pairs: Pairs;
  readonly #pool: Uint8Array;
  readonly #poolView: DataView;
  readonly #nul: number;

  constructor(pairs: Pairs, terminated: boolean) {
    this.#pairs = pairs;
    this.#pool = pairs.pool;
    this.#poolView = viewOf(pairs.pool);
    this.#nul = terminated ? 1 : 0;
  }

  keyLength(entry: number): number {
    return this.#pairs.keyEnd[entry] - this.#pairs.keyStart[entry] + this.#nul;
  }

  valueLength(entry: number): number {
    return this.#pairs.valueEnd[entry] - this.#pairs.valueStart[entry] + this.#nul;
  }

  /** Writes `head`, a few bytes, and the entry behind them. */
  write(stream: OutputStream, head: Uint8Array, entry: number): void {
    const keyStart = this.#pairs.keyStart[entry];
    const keyEnd = this.#pairs.keyEnd[entry];
    const valueStart = this.#pairs.valueStart[entry];
    const valueEnd = this.#pairs.valueEnd[entry];
    const size = head.length + keyEnd - keyStart + valueEnd - valueStart + 2 * this.#nul;
    if (size > PIECE_SIZE) {
      stream.put(head);
      this.#putLong(stream, keyStart, keyEnd);
      this.#putLong(stream, valueStart, valueEnd);
      return;
    }
    let at = stream.take(size);
    const { bytes, view } = stream.piece;
    for (let i = 0; i < head.length; i++) bytes[at++] = head[i];
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
