import { copyLoosely, viewOf } from '../bytes.ts';
import { type OutputStream, PIECE_SIZE } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { RECORD_HEADER } from './layout.ts';

const NUL = Uint8Array.of(0);

/** Writes entries as records, one after the other, and notes where each begins. */
export class RecordWriter {
  readonly #pairs: Pairs;
  readonly #poolView: DataView;
  readonly #nul: number;
  readonly #stream: OutputStream;
  readonly #positions: Uint32Array;

  constructor(pairs: Pairs, terminated: boolean, stream: OutputStream, positions: Uint32Array) {
    this.#pairs = pairs;
    this.#poolView = viewOf(pairs.pool);
    this.#nul = terminated ? 1 : 0;
    this.#stream = stream;
    this.#positions = positions;
  }

  /** Writes the entries `[from, to)`, the first one at `position` in the file. Returns the position behind the last. */
  write(from: number, to: number, position: number): number {
    const { pool, keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
    const poolView = this.#poolView;
    const stream = this.#stream;
    const nul = this.#nul;
    let next = position;
    for (let i = from; i < to; i++) {
      const key = keyEnd[i] - keyStart[i] + nul;
      const value = valueEnd[i] - valueStart[i] + nul;
      const size = RECORD_HEADER + key + value;
      this.#positions[i] = next;
      next += size;
      const start = stream.take(size <= PIECE_SIZE ? size : RECORD_HEADER);
      const { bytes, view } = stream.piece;
      view.setUint32(start, key, true);
      view.setUint32(start + 4, value, true);
      if (size > PIECE_SIZE) {
        this.#putLong(keyStart[i], keyEnd[i]);
        this.#putLong(valueStart[i], valueEnd[i]);
        continue;
      }
      let at = copyLoosely(pool, poolView, keyStart[i], keyEnd[i], bytes, view, start + RECORD_HEADER);
      if (nul === 1) bytes[at++] = 0;
      at = copyLoosely(pool, poolView, valueStart[i], valueEnd[i], bytes, view, at);
      if (nul === 1) bytes[at] = 0;
    }
    return next;
  }

  #putLong(start: number, end: number): void {
    this.#stream.put(this.#pairs.pool.subarray(start, end));
    if (this.#nul === 1) this.#stream.put(NUL);
  }
}
