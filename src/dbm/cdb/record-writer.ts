import { copyLoosely, viewOf } from '../bytes.ts';
import { fetchBytes, PLACE } from '../hash-order.ts';
import { type OutputStream, PIECE_SIZE } from '../output.ts';
import { RECORD_HEADER } from './layout.ts';

const NUL = Uint8Array.of(0);

/** Writes entries as records, one after the other, and notes where each begins. */
export class RecordWriter {
  /** Means nothing; keeps the fetching from being optimised away. */
  fetched = 0;
  readonly #pool: Uint8Array;
  readonly #poolView: DataView;
  readonly #places: Uint32Array;
  readonly #nul: number;
  readonly #stream: OutputStream;
  readonly #positions: Uint32Array;

  /** @param places where the entries are in `pool`, in the order of the records */
  constructor(
    pool: Uint8Array,
    places: Uint32Array,
    terminated: boolean,
    stream: OutputStream,
    positions: Uint32Array,
  ) {
    this.#pool = pool;
    this.#poolView = viewOf(pool);
    this.#places = places;
    this.#nul = terminated ? 1 : 0;
    this.#stream = stream;
    this.#positions = positions;
  }

  /** Writes the entries `[from, to)`, the first one at `position` in the file. Returns the position behind the last. */
  write(from: number, to: number, position: number): number {
    const pool = this.#pool;
    const poolView = this.#poolView;
    const places = this.#places;
    const positions = this.#positions;
    const stream = this.#stream;
    const nul = this.#nul;
    this.fetched = fetchBytes(pool, places, from, to);
    let next = position;
    for (let i = from; i < to; i++) {
      const place = PLACE * i;
      const keyStart = places[place];
      const keyEnd = places[place + 1];
      const valueStart = places[place + 2];
      const valueEnd = places[place + 3];
      const key = keyEnd - keyStart + nul;
      const value = valueEnd - valueStart + nul;
      const size = RECORD_HEADER + key + value;
      positions[i] = next;
      next += size;
      const start = stream.take(size <= PIECE_SIZE ? size : RECORD_HEADER);
      const { bytes, view } = stream.piece;
      view.setUint32(start, key, true);
      view.setUint32(start + 4, value, true);
      if (size > PIECE_SIZE) {
        this.#putLong(keyStart, keyEnd);
        this.#putLong(valueStart, valueEnd);
        continue;
      }
      let at = copyLoosely(pool, poolView, keyStart, keyEnd, bytes, view, start + RECORD_HEADER);
      if (nul === 1) bytes[at++] = 0;
      at = copyLoosely(pool, poolView, valueStart, valueEnd, bytes, view, at);
      if (nul === 1) bytes[at] = 0;
    }
    return next;
  }

  #putLong(start: number, end: number): void {
    this.#stream.put(this.#pool.subarray(start, end));
    if (this.#nul === 1) this.#stream.put(NUL);
  }
}
