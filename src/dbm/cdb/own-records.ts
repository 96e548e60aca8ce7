import { sameBytes, viewOf } from '../bytes.ts';
import type { Input } from '../input.ts';
import type { Pairs } from '../pairs.ts';
import type { Header } from './header.ts';
import { HEADER_SIZE, RECORD_HEADER } from './layout.ts';

/** Bytes of the file in memory at a time, and records between two looks at them. */
const WINDOW = 1 << 20;
const STRETCH = 256;

/** Reads a file whose records should be a table's entries one after the other, as our own are, through a small window. */
export class OwnRecords {
  readonly #input: Input;
  readonly #recordsEnd: number;
  readonly #pairs: Pairs;
  readonly #tableView: DataView;
  readonly #nul: number;
  readonly #window = new Uint8Array(WINDOW);
  readonly #view = viewOf(this.#window);
  readonly #positions: Uint32Array;
  /** Where in the file the window begins and ends. */
  #start = 0;
  #end = 0;

  constructor(input: Input, { recordsEnd }: Header, pairs: Pairs, terminated: boolean) {
    this.#input = input;
    this.#recordsEnd = recordsEnd;
    this.#pairs = pairs;
    this.#tableView = viewOf(pairs.pool);
    this.#nul = terminated ? 1 : 0;
    this.#positions = new Uint32Array(pairs.count);
  }

  /** Where the records begin; undefined when they are not the entries in turn, or one is too long for the window. */
  positions(): Uint32Array | undefined {
    const { count } = this.#pairs;
    let at = HEADER_SIZE;
    for (let from = 0; from < count && at > 0; from += STRETCH) {
      at = this.#compare(from, Math.min(from + STRETCH, count), at);
    }
    return at === this.#recordsEnd ? this.#positions : undefined;
  }

  /** Compares the entries `[from, to)` with the records from `position` on. Returns the position behind them, or 0. */
  #compare(from: number, to: number, position: number): number {
    const { keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
    const tableView = this.#tableView;
    const window = this.#window;
    const view = this.#view;
    const nul = this.#nul;
    let next = position;
    for (let i = from; i < to; i++) {
      const key = keyEnd[i] - keyStart[i];
      const value = valueEnd[i] - valueStart[i];
      const size = RECORD_HEADER + key + value + 2 * nul;
      if (next + size > this.#end && !this.#load(next, size)) return 0;
      const at = next - this.#start;
      const keyAt = at + RECORD_HEADER;
      const valueAt = keyAt + key + nul;
      const same =
        view.getUint32(at, true) === key + nul &&
        view.getUint32(at + 4, true) === value + nul &&
        sameBytes(view, keyAt, tableView, keyStart[i], key) &&
        sameBytes(view, valueAt, tableView, valueStart[i], value) &&
        (nul === 0 || (window[keyAt + key] === 0 && window[valueAt + value] === 0));
      if (!same) return 0;
      this.#positions[i] = next;
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
