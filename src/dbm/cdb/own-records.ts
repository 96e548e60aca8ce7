import { sameBytes, viewOf } from '../bytes.ts';
import { fetchBytes, PLACE } from '../hash-order.ts';
import type { Input } from '../input.ts';
import { hashKey } from './hash.ts';
import type { Header } from './header.ts';
import { HEADER_SIZE, RECORD_HEADER } from './layout.ts';

/** Bytes of the file in memory at a time, and records between two looks at them. */
const WINDOW = 1 << 18;
const STRETCH = 256;

/** Reads a file whose records should be a table's entries one after the other, as our own are, through a small window. */
export class OwnRecords {
  readonly #input: Input;
  readonly #recordsEnd: number;
  readonly #pool: Uint8Array;
  readonly #places: Uint32Array;
  readonly #tableView: DataView;
  readonly #nul: number;
  readonly #window = new Uint8Array(WINDOW);
  readonly #view = viewOf(this.#window);
  /** Where the records begin, and the hashes of their keys, as far as they have been read. */
  readonly positions: Uint32Array;
  readonly hashes: Uint32Array;
  /** Means nothing; keeps the fetching from being optimised away. */
  fetched = 0;
  /** Where in the file the window begins and ends. */
  #start = 0;
  #end = 0;

  /** @param places where the entries are in `pool`, in the order of the records */
  constructor(
    input: Input,
    { recordsEnd }: Header,
    pool: Uint8Array,
    places: Uint32Array,
    terminated: boolean,
  ) {
    this.#input = input;
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
    const window = this.#window;
    const view = this.#view;
    const nul = this.#nul;
    this.fetched = fetchBytes(this.#pool, places, from, to);
    let next = position;
    for (let i = from; i < to; i++) {
      const keyStart = places[PLACE * i];
      const valueStart = places[PLACE * i + 2];
      const key = places[PLACE * i + 1] - keyStart;
      const value = places[PLACE * i + 3] - valueStart;
      const size = RECORD_HEADER + key + value + 2 * nul;
      if (next + size > this.#end && !this.#load(next, size)) return 0;
      const at = next - this.#start;
      const keyAt = at + RECORD_HEADER;
      const valueAt = keyAt + key + nul;
      const same =
        view.getUint32(at, true) === key + nul &&
        view.getUint32(at + 4, true) === value + nul &&
        sameBytes(view, keyAt, tableView, keyStart, key) &&
        sameBytes(view, valueAt, tableView, valueStart, value) &&
        (nul === 0 || (window[keyAt + key] === 0 && window[valueAt + value] === 0));
      if (!same) return 0;
      this.positions[i] = next;
      this.hashes[i] = hashKey(window, keyAt, keyAt + key + nul);
      next += size;
    }
    return next;
  }

  /** Moves the window to `position`. Returns whether `size` bytes are in it then. */
  #load(position: number, size: number): boolean {
    const length = Math.max(0, Math.min(WINDOW, this.#recordsEnd - position));
    this.#input.read(this.#window.subarray(0, length), position);
    this.#start = position;
    this.#end = position + length;
    return size <= length;
  }
}
