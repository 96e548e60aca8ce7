import type { Pairs } from './pairs.ts';
import { commonPrefix, compare, LONGEST_RUN, RunSorter, twoBytes } from './sort-run.ts';

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
  if (!sorter.sortNearlySorted()) sorter.sort(0, pairs.count, 0);
  const sorted = { order: sorter.order, repeated: sorter.repeated };
  sortedBefore.set(pairs, sorted);
  return sorted;
}

/** A table is sorted to be written, and again to be held against the file. */
const sortedBefore = new WeakMap<Pairs, Sorted>();

/** Bytes of which `Sorter` keeps a copy apart; even. */
const HEAD = 8;

class Sorter {
  readonly order: Uint32Array;
  repeated = -1;
  readonly #pairs: Pairs;
  readonly #run: RunSorter;
  readonly #pieces: Uint16Array;
  readonly #spare: Uint32Array;
  /** The first bytes of the keys, two by two, taken in the order in which the keys lie in memory. */
  readonly #heads: readonly Uint16Array[];
  /** Whether the last scattering met keys that may end within the two bytes. */
  #metShort = false;

  constructor(pairs: Pairs) {
    this.#pairs = pairs;
    this.order = new Uint32Array(pairs.count);
    for (let i = 0; i < pairs.count; i++) this.order[i] = i;
    this.#run = new RunSorter(pairs);
    const long = pairs.count > LONGEST_RUN ? pairs.count : 0;
    this.#pieces = new Uint16Array(long);
    this.#spare = new Uint32Array(long);
    this.#heads = long > 0 ? takeHeads(pairs) : [];
  }

  /**
   * Sorts entries that are in order but for a few that come somewhat late, by insertion. Returns false when there are too
   * many of them.
   */
  sortNearlySorted(): boolean {
    const { pool, keyStart, keyEnd } = this.#pairs;
    const { order } = this;
    let moves = order.length >>> 2;
    for (let i = 1; i < order.length; i++) {
      let hole = i;
      for (; hole > 0; hole--) {
        const before = order[hole - 1];
        const difference = compare(pool, keyStart[before], keyEnd[before], keyStart[i], keyEnd[i]);
        if (difference === 0) this.repeated = i;
        if (difference <= 0) break;
        if (--moves < 0) {
          this.repeated = -1;
          return false;
        }
        order[hole] = before;
        order[hole - 1] = i;
      }
    }
    return true;
  }

  /** Sorts `order[start, end)`, whose keys agree in their first `depth` bytes, an even number, and have at least as many. */
  sort(start: number, end: number, depth: number): void {
    if (this.repeated >= 0) return;
    if (end - start <= LONGEST_RUN) {
      this.repeated = this.#run.sort(this.order.subarray(start, end), depth);
      return;
    }
    const bounds = this.#scatter(start, end, depth);
    const short = this.#metShort;
    if (!short && bounds[this.#pieces[0] + 1] - bounds[this.#pieces[0]] === end - start) {
      const { pool, keyStart, keyEnd } = this.#pairs;
      const common = commonPrefix(pool, keyStart, keyEnd, this.order.subarray(start, end), depth);
      this.sort(start, end, depth + (common & ~1));
      return;
    }
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
    const { order } = this;
    const count = end - start;
    const pieces = this.#takePieces(start, end, depth);
    const bounds = new Uint32Array(65537);
    let short = false;
    for (let i = 0; i < count; i++) {
      bounds[pieces[i] + 1]++;
      if ((pieces[i] & 0xff) === 0) short = true;
    }
    this.#metShort = short;
    for (let piece = 1; piece < bounds.length; piece++) bounds[piece] += bounds[piece - 1];
    const next = bounds.slice();
    const spare = this.#spare;
    for (let i = 0; i < count; i++) spare[next[pieces[i]]++] = order[start + i];
    order.set(spare.subarray(0, count), start);
    return bounds;
  }

  #takePieces(start: number, end: number, depth: number): Uint16Array {
    const pieces = this.#pieces;
    const head = depth < HEAD ? this.#heads[depth / 2] : undefined;
    if (head !== undefined) {
      for (let i = start; i < end; i++) pieces[i - start] = head[this.order[i]];
      return pieces;
    }
    const { pool, keyStart, keyEnd } = this.#pairs;
    for (let i = start; i < end; i++) {
      const entry = this.order[i];
      pieces[i - start] = twoBytes(pool, keyStart[entry] + depth, keyEnd[entry]);
    }
    return pieces;
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

function takeHeads({ count, pool, keyStart, keyEnd }: Pairs): Uint16Array[] {
  const heads = Array.from({ length: HEAD / 2 }, () => new Uint16Array(count));
  for (let i = 0; i < count; i++) {
    for (let piece = 0; piece < HEAD / 2; piece++)
      heads[piece][i] = twoBytes(pool, keyStart[i] + 2 * piece, keyEnd[i]);
  }
  return heads;
}
