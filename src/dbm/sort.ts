import type { Pairs } from './pairs.ts';
import { compare, LONGEST_RUN, RunSorter, twoBytes } from './sort-run.ts';

/** Entries in the order of their keys' bytes. */
export interface Sorted {
  /** Entry numbers. */
  readonly order: Uint32Array;
  /** An entry whose key another entry has as well, or -1. With one, `order` means nothing. */
  readonly repeated: number;
}

/**
 * Sorts entries by their keys' bytes, as memcmp does; a key comes after those that it begins with.
 *
 * Entries are scattered by two bytes of their keys, again and again, until the runs that agree are short enough for
 * `RunSorter`.
 */
export function sortByKey(pairs: Pairs): Sorted {
  const known = sortedBefore.get(pairs);
  if (known !== undefined) return known;
  const sorter = new Sorter(pairs);
  if (!sorter.isSorted()) sorter.sort(0, pairs.count, 0);
  const sorted = { order: sorter.order, repeated: sorter.repeated };
  sortedBefore.set(pairs, sorted);
  return sorted;
}

/** A table is sorted to be written, and again to be held against the file. */
const sortedBefore = new WeakMap<Pairs, Sorted>();

class Sorter {
  readonly order: Uint32Array;
  repeated = -1;
  readonly #pairs: Pairs;
  readonly #run: RunSorter;
  readonly #pieces: Uint16Array;
  readonly #spare: Uint32Array;
  /** Whether the last scattering met keys that end within the two bytes. */
  #metShort = false;

  constructor(pairs: Pairs) {
    this.#pairs = pairs;
    this.order = new Uint32Array(pairs.count);
    for (let i = 0; i < pairs.count; i++) this.order[i] = i;
    this.#run = new RunSorter(pairs);
    const long = pairs.count > LONGEST_RUN ? pairs.count : 0;
    this.#pieces = new Uint16Array(long);
    this.#spare = new Uint32Array(long);
  }

  isSorted(): boolean {
    const { pool, keyStart, keyEnd } = this.#pairs;
    for (let i = 1; i < this.order.length; i++) {
      const difference = compare(pool, keyStart[i - 1], keyEnd[i - 1], keyStart[i], keyEnd[i]);
      if (difference > 0) {
        this.repeated = -1;
        return false;
      }
      if (difference === 0) this.repeated = i;
    }
    return true;
  }

  /** Sorts `order[start, end)`, whose keys agree in their first `depth` bytes and have at least as many. */
  sort(start: number, end: number, depth: number): void {
    if (this.repeated >= 0) return;
    if (end - start <= LONGEST_RUN) {
      this.repeated = this.#run.sort(this.order.subarray(start, end), depth);
      return;
    }
    const bounds = this.#scatter(start, end, depth);
    const short = this.#metShort;
    for (let piece = 0; piece < 65536; piece++) {
      const from = start + bounds[piece];
      const to = start + bounds[piece + 1];
      const longer = short && to > from ? this.#sortShort(from, to, depth) : from;
      if (to - longer > 1) this.sort(longer, to, depth + 2);
    }
  }

  /** Brings those to the front whose keys end before or within the two bytes, at most one each. Returns the place behind. */
  #sortShort(start: number, end: number, depth: number): number {
    const first = this.#moveShort(start, end, depth + 1);
    const second = this.#moveShort(first, end, depth + 2);
    if (first - start > 1) this.repeated = this.order[start];
    if (second - first > 1) this.repeated = this.order[first];
    return second;
  }

  /** Scatters `order[start, end)` by the two bytes at `depth`, zeros for those that are not there. Returns the bounds. */
  #scatter(start: number, end: number, depth: number): Uint32Array {
    const { pool, keyStart, keyEnd } = this.#pairs;
    const { order } = this;
    const pieces = this.#pieces;
    const spare = this.#spare;
    const bounds = new Uint32Array(65537);
    const count = end - start;
    let short = false;
    for (let i = 0; i < count; i++) {
      const entry = order[start + i];
      const from = keyStart[entry] + depth;
      const to = keyEnd[entry];
      const piece = twoBytes(pool, from, to);
      pieces[i] = piece;
      bounds[piece + 1]++;
      if (from + 2 > to) short = true;
    }
    for (let piece = 1; piece < bounds.length; piece++) bounds[piece] += bounds[piece - 1];
    const next = bounds.slice();
    for (let i = 0; i < count; i++) spare[next[pieces[i]]++] = order[start + i];
    order.set(spare.subarray(0, count), start);
    this.#metShort = short;
    return bounds;
  }

  /** Moves keys of less than `length` bytes to the front. Returns the place behind them. */
  #moveShort(start: number, end: number, length: number): number {
    const { keyStart, keyEnd } = this.#pairs;
    let longer = start;
    for (let i = start; i < end; i++) {
      const entry = this.order[i];
      if (keyEnd[entry] - keyStart[entry] >= length) continue;
      this.order[i] = this.order[longer];
      this.order[longer++] = entry;
    }
    return longer;
  }
}
