import { EntryBytes } from '../entry-bytes.ts';
import { fetchBytes, PLACE } from '../hash-order.ts';
import { type OutputStream, PIECE_SIZE } from '../output.ts';
import { RECORD_HEADER } from './layout.ts';

/** Writes entries as records, one after the other, and notes where each begins. */
export class RecordWriter {
  /** Means nothing; keeps the fetching from being optimised away. */
  fetched = 0;
  readonly #pool: Uint8Array;
  readonly #entries: EntryBytes;
  readonly #places: Uint32Array;
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
    this.#entries = new EntryBytes(pool, terminated);
    this.#places = places;
    this.#stream = stream;
    this.#positions = positions;
  }

  /** Writes the entries `[from, to)`, the first one at `position` in the file. Returns the position behind the last. */
  write(from: number, to: number, position: number): number {
    const entries = this.#entries;
    const places = this.#places;
    const positions = this.#positions;
    const stream = this.#stream;
    const { nul } = entries;
    this.fetched = fetchBytes(this.#pool, places, from, to);
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
        entries.put(keyStart, keyEnd, valueStart, valueEnd, stream);
      } else {
        entries.copy(keyStart, keyEnd, valueStart, valueEnd, bytes, view, start + RECORD_HEADER);
      }
    }
    return next;
  }
}
