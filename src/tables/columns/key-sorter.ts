import type { Pairs } from '../../dbm/pairs.ts';

function scatterByFirstTwoBytes(pairs: Pairs, order: Uint32Array): Uint32Array {
  const { pool, keyStart, keyEnd } = pairs;
  const entries = order.slice();
  const count = entries.length;
  const ends = new Uint32Array(65536);
  const firstTwo = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const start = keyStart[entries[i]];
    const length = keyEnd[entries[i]] - start;
    const prefix = ((length > 0 ? pool[start] : 0) << 8) | (length > 1 ? pool[start + 1] : 0);
    firstTwo[i] = prefix;
    ends[prefix]++;
  }
  let total = 0;
  for (let prefix = 0; prefix < ends.length; prefix++) {
    const size = ends[prefix];
    ends[prefix] = total;
    total += size;
  }
  for (let i = 0; i < count; i++) order[ends[firstTwo[i]]++] = entries[i];
  return ends;
}

const PIECE_BYTES = 6;
const SMALL = 12;

/**
 * Sorts entries by their keys' bytes, and those with the same key by their numbers. A multikey quicksort over cached pieces
 * of six bytes, behind one counting pass over the first two: nearly every comparison is one of numbers side by side in
 * memory, and the pool is touched once a piece.
 */
export class KeySorter {
  readonly #pairs: Pairs;
  readonly #order: Uint32Array;
  readonly #pieces: Float64Array;

  /** @param order the entries' numbers, ascending; they are put into order */
  constructor(pairs: Pairs, order: Uint32Array) {
    this.#pairs = pairs;
    this.#order = order;
    this.#pieces = new Float64Array(order.length);
  }

  sort(): void {
    let start = 0;
    for (const end of scatterByFirstTwoBytes(this.#pairs, this.#order)) {
      if (end - start > 1) this.#sort(start, end, 0);
      start = end;
    }
  }

  /** Sorts `order[start, end)`, whose keys agree in their first `depth` bytes. */
  #sort(start: number, end: number, depth: number): void {
    this.#loadPieces(start, end, depth);
    this.#partition(start, end, depth);
  }

  /**
   * A piece is six bytes of the key and, in three bits below them, how many bytes the key still had (7: more than six),
   * so that equal pieces mean equal keys unless both go on. It stays below 2^51, exact in a double.
   */
  #loadPieces(start: number, end: number, depth: number): void {
    const { pool, keyStart, keyEnd } = this.#pairs;
    const order = this.#order;
    const pieces = this.#pieces;
    for (let i = start; i < end; i++) {
      const entry = order[i];
      const at = keyStart[entry] + depth;
      const left = keyEnd[entry] - at;
      let high = 0;
      let low = 0;
      if (left >= PIECE_BYTES) {
        high = (pool[at] << 16) | (pool[at + 1] << 8) | pool[at + 2];
        low = (pool[at + 3] << 16) | (pool[at + 4] << 8) | pool[at + 5];
      } else {
        for (let offset = 0; offset < 3; offset++)
          high = (high << 8) | (offset < left ? pool[at + offset] : 0);
        for (let offset = 3; offset < 6; offset++) low = (low << 8) | (offset < left ? pool[at + offset] : 0);
      }
      pieces[i] = (high * 0x1000000 + low) * 8 + (left > PIECE_BYTES ? 7 : left);
    }
  }

  #partition(from: number, to: number, depth: number): void {
    const pieces = this.#pieces;
    let start = from;
    let end = to;
    while (end - start > SMALL) {
      const pivot = this.#pivot(start, end);
      let low = start;
      let high = end;
      let i = start;
      while (i < high) {
        const piece = pieces[i];
        if (piece < pivot) this.#swap(low++, i++);
        else if (piece > pivot) this.#swap(i, --high);
        else i++;
      }
      this.#sortEqual(low, high, depth);
      // The smaller side by recursion, the larger by the loop: the stack stays logarithmic.
      if (low - start < end - high) {
        this.#partition(start, low, depth);
        start = high;
      } else {
        this.#partition(high, end, depth);
        end = low;
      }
    }
    this.#insertionSort(start, end, depth);
  }

  #sortEqual(start: number, end: number, depth: number): void {
    if (end - start < 2) return;
    const keysGoOn = this.#pieces[start] % 8 === 7;
    if (keysGoOn) this.#sort(start, end, depth + PIECE_BYTES);
    else this.#order.subarray(start, end).sort();
  }

  #insertionSort(start: number, end: number, depth: number): void {
    const pieces = this.#pieces;
    const order = this.#order;
    for (let i = start + 1; i < end; i++) {
      const piece = pieces[i];
      const entry = order[i];
      let hole = i;
      while (hole > start && pieces[hole - 1] > piece) {
        pieces[hole] = pieces[hole - 1];
        order[hole] = order[hole - 1];
        hole--;
      }
      pieces[hole] = piece;
      order[hole] = entry;
    }
    let run = start;
    for (let i = start + 1; i <= end; i++) {
      if (i < end && pieces[i] === pieces[run]) continue;
      this.#sortEqual(run, i, depth);
      run = i;
    }
  }

  #pivot(start: number, end: number): number {
    const pieces = this.#pieces;
    const a = pieces[start];
    const b = pieces[(start + end) >>> 1];
    const c = pieces[end - 1];
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }

  #swap(a: number, b: number): void {
    const pieces = this.#pieces;
    const order = this.#order;
    const piece = pieces[a];
    pieces[a] = pieces[b];
    pieces[b] = piece;
    const entry = order[a];
    order[a] = order[b];
    order[b] = entry;
  }
}
