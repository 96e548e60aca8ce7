import { sameBytes, viewOf } from '../bytes.ts';
import { fetchBytes, PLACE } from '../hash-order.ts';
import type { Input } from '../input.ts';
import { ReadWindow } from '../read-window.ts';
import { hashKey } from './hash.ts';
import type { Header } from './header.ts';
import { HEADER_SIZE, RECORD_HEADER } from './layout.ts';

/** Records whose bytes in the table are fetched together. */
const STRETCH = 256;

/** Reads a file whose records should be a table's entries one after the other, as our own are, through a small window. */
export class OwnRecords {
  readonly #file: ReadWindow;
  readonly #recordsEnd: number;
  readonly #pool: Uint8Array;
  readonly #places: Uint32Array;
  readonly #tableView: DataView;
  readonly #nul: number;
  /** Where the records begin, and the hashes of their keys, as far as they have been read. */
  readonly positions: Uint32Array;
  readonly hashes: Uint32Array;
  /** Means nothing; keeps the fetching from being optimised away. */
  fetched = 0;

  /** @param places where the entries are in `pool`, in the order of the records */
  constructor(
    input: Input,
    { recordsEnd }: Header,
    pool: Uint8Array,
    places: Uint32Array,
    terminated: boolean,
  ) {
    this.#file = new ReadWindow(input);
    this.#recordsEnd = recordsEnd;
    this.#pool = pool;
    this.#places = places;
    this.#tableView = viewOf(pool);
    this.#nul = terminated ? 1 : 0;
    this.positions = new Uint32Array(places.length / PLACE);
    this.hashes = new Uint32Array(places.length / PLACE);
  }

  /** Returns false when the records are not the entries in turn, or one is too long for the window. */
  read(): boolean {
    const count = this.positions.length;
    let at = HEADER_SIZE;
    for (let from = 0; from < count && at > 0; from += STRETCH) {
      at = this.#compare(from, Math.min(from + STRETCH, count), at);
    }
    return at === this.#recordsEnd;
  }

  /** Compares the entries `[from, to)` with the records from `position` on. Returns the position behind them, or 0. */
  #compare(from: number, to: number, position: number): number {
    const places = this.#places;
    const tableView = this.#tableView;
    const file = this.#file;
    const { bytes, view } = file;
    const nul = this.#nul;
    this.fetched = fetchBytes(this.#pool, places, from, to);
    let next = position;
    for (let i = from; i < to; i++) {
      const keyStart = places[PLACE * i];
      const valueStart = places[PLACE * i + 2];
      const key = places[PLACE * i + 1] - keyStart;
      const value = places[PLACE * i + 3] - valueStart;
      const size = RECORD_HEADER + key + value + 2 * nul;
      const at = file.load(next, size);
      if (at < 0) return 0;
      const keyAt = at + RECORD_HEADER;
      const valueAt = keyAt + key + nul;
      const same =
        view.getUint32(at, true) === key + nul &&
        view.getUint32(at + 4, true) === value + nul &&
        sameBytes(view, keyAt, tableView, keyStart, key) &&
        sameBytes(view, valueAt, tableView, valueStart, value) &&
        (nul === 0 || (bytes[keyAt + key] === 0 && bytes[valueAt + value] === 0));
      if (!same) return 0;
      this.positions[i] = next;
      this.hashes[i] = hashKey(bytes, keyAt, keyAt + key + nul);
      next += size;
    }
    return next;
  }
}
