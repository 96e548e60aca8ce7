import type { Pairs } from './pairs.ts';

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
 * Pieces of keys and entry numbers are packed into 64-bit words, which the runtime sorts natively; only runs of entries
 * whose pieces agree are looked at again, one piece further on.
 */
export function sortByKey(pairs: Pairs): Sorted {
  const sorter = new Sorter(pairs);
  if (!sorter.isSorted()) sorter.sort(0, pairs.count, 0);
  return { order: sorter.order, repeated: sorter.repeated };
}

/** Shorter runs are sorted by insertion. */
const SMALL = 12;
/** The most entries whose place in their run leaves room for six bytes of the key in a word. */
const MOST_NUMBERED = 65536;
const WIDE_PIECE = 6;
const NARROW_PIECE = 4;
/** Where in a 64-bit word's halves the less and the more significant one lie. */
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** What a look at the pieces of a run's keys gave; ENDED: a key has no bytes left. */
type Found = typeof ENDED | typeof SAME | typeof DIFFERENT;
const ENDED = 0;
const SAME = 1;
const DIFFERENT = 2;

class Sorter {
  readonly order: Uint32Array;
  repeated = -1;
  readonly #pairs: Pairs;
  #words = new BigUint64Array(0);
  #halves = new Uint32Array(0);
  #spare = new Uint32Array(0);

  constructor(pairs: Pairs) {
    this.#pairs = pairs;
    this.order = new Uint32Array(pairs.count);
    for (let i = 0; i < pairs.count; i++) this.order[i] = i;
  }

  isSorted(): boolean {
    for (let i = 1; i < this.order.length; i++) {
      const difference = this.#compare(i - 1, i, 0);
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
    while (end - start > SMALL) {
      const found = this.#pack(start, end, depth);
      if (found === DIFFERENT) {
        this.#sortPieces(start, end, depth);
        return;
      }
      if (found === ENDED) {
        const longer = this.#moveShorter(start, end, depth + 1);
        if (longer - start > 1) this.repeated = this.order[start];
        start = longer;
      } else {
        depth += this.#commonPrefix(start, end, depth);
      }
    }
    this.#insertionSort(start, end, depth);
  }

  #sortPieces(start: number, end: number, depth: number): void {
    const count = end - start;
    this.#words.subarray(0, count).sort();
    const runs = this.#unpack(start, count);
    const next = depth + pieceSize(count);
    for (let i = 0; i < runs.length; i += 2) this.#sortRun(start + runs[i], start + runs[i + 1], next);
  }

  /** Sorts entries with the same piece, which ends at `depth`. Keys that end within it differ in their lengths only. */
  #sortRun(start: number, end: number, depth: number): void {
    if (this.repeated >= 0) return;
    const longer = this.#moveShorter(start, end, depth);
    this.#insertionSort(start, Math.min(longer, start + WIDE_PIECE + 1), 0);
    if (end - longer > 1) this.sort(longer, end, depth);
  }

  /** Moves keys of less than `length` bytes to the front. Returns the place behind them. */
  #moveShorter(start: number, end: number, length: number): number {
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

  #commonPrefix(start: number, end: number, depth: number): number {
    const { pool, keyStart, keyEnd } = this.#pairs;
    const first = keyStart[this.order[start]] + depth;
    let common = keyEnd[this.order[start]] - first;
    for (let i = start + 1; i < end && common > 0; i++) {
      const entry = this.order[i];
      const at = keyStart[entry] + depth;
      const limit = Math.min(common, keyEnd[entry] - at);
      let same = 0;
      while (same < limit && pool[first + same] === pool[at + same]) same++;
      common = same;
    }
    return common;
  }

  /** Makes a word of each key's piece at `depth` and the entry's number, or in short runs its place. */
  #pack(start: number, end: number, depth: number): Found {
    const count = end - start;
    if (this.#words.length < count) this.#grow(count);
    const { pool, keyStart, keyEnd } = this.#pairs;
    const { order } = this;
    const halves = this.#halves;
    const wide = pieceSize(count) === WIDE_PIECE;
    let differences = 0;
    for (let i = 0, at = 0; i < count; i++, at += 2) {
      const entry = order[start + i];
      const from = keyStart[entry] + depth;
      const to = keyEnd[entry];
      if (from === to) return ENDED;
      halves[at + HIGH] = fourBytes(pool, from, to);
      halves[at + LOW] = wide ? (twoBytes(pool, from + 4, to) << 16) | i : entry;
      differences |= halves[at + HIGH] ^ halves[HIGH];
      if (wide) differences |= (halves[at + LOW] ^ halves[LOW]) >>> 16;
    }
    return differences === 0 ? SAME : DIFFERENT;
  }

  /** Puts the sorted entries back. Returns the places of the runs with the same piece, start and end in turn. */
  #unpack(start: number, count: number): number[] {
    const halves = this.#halves;
    const wide = pieceSize(count) === WIDE_PIECE;
    if (wide) this.#spare.set(this.order.subarray(start, start + count));
    const runs: number[] = [];
    let run = 0;
    for (let i = 0; i < count; i++) {
      const low = halves[2 * i + LOW];
      this.order[start + i] = wide ? this.#spare[low & 0xffff] : low;
      const same =
        halves[2 * i + HIGH] === halves[2 * run + HIGH] &&
        (!wide || low >>> 16 === halves[2 * run + LOW] >>> 16);
      if (same) continue;
      if (i - run > 1) runs.push(run, i);
      run = i;
    }
    if (count - run > 1) runs.push(run, count);
    return runs;
  }

  #insertionSort(start: number, end: number, depth: number): void {
    const { order } = this;
    for (let i = start + 1; i < end; i++) {
      const entry = order[i];
      let hole = i;
      for (; hole > start; hole--) {
        const difference = this.#compare(order[hole - 1], entry, depth);
        if (difference === 0) this.repeated = entry;
        if (difference <= 0) break;
        order[hole] = order[hole - 1];
      }
      order[hole] = entry;
    }
  }

  #compare(a: number, b: number, depth: number): number {
    const { pool, keyStart, keyEnd } = this.#pairs;
    let atA = keyStart[a] + depth;
    let atB = keyStart[b] + depth;
    const lengthA = keyEnd[a] - atA;
    const lengthB = keyEnd[b] - atB;
    for (const end = atA + Math.min(lengthA, lengthB); atA < end; atA++, atB++) {
      const difference = pool[atA] - pool[atB];
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }

  #grow(count: number): void {
    this.#words = new BigUint64Array(count);
    this.#halves = new Uint32Array(this.#words.buffer);
    this.#spare = new Uint32Array(Math.min(count, MOST_NUMBERED));
  }
}

function pieceSize(count: number): number {
  return count > MOST_NUMBERED ? NARROW_PIECE : WIDE_PIECE;
}

/** Four bytes from `from` on as a number, zeros for those from `to` on. */
function fourBytes(pool: Uint8Array, from: number, to: number): number {
  if (from + 4 <= to) {
    return (pool[from] << 24) | (pool[from + 1] << 16) | (pool[from + 2] << 8) | pool[from + 3];
  }
  return (twoBytes(pool, from, to) << 16) | twoBytes(pool, from + 2, to);
}

function twoBytes(pool: Uint8Array, from: number, to: number): number {
  return ((from < to ? pool[from] : 0) << 8) | (from + 1 < to ? pool[from + 1] : 0);
}
