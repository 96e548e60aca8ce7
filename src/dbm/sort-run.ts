import type { Pairs } from './pairs.ts';
import { AHEAD, readAhead } from './read-ahead.ts';

/** The most entries whose place in their run leaves room for six bytes of the key in a 64-bit word. */
export const LONGEST_RUN = 65536;
const PIECE = 6;
/** Shorter runs are sorted by insertion. */
const SMALL = 12;
/** Where keys agree in more bytes, it is no longer worth it to go on piece by piece. */
const DEEP = 512;
/** Where in a word's halves the less and the more significant one lie. */
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** What a look at the next bytes of some keys gave; ENDED: a key has none left. */
type Found = typeof ENDED | typeof SAME | typeof DIFFERENT;
const ENDED = 0;
const SAME = 1;
const DIFFERENT = 2;

/**
 * Sorts runs of entries whose keys begin alike.
 *
 * The rest of the keys is first copied together, so that all else happens in the processor's cache. Six bytes of a key
 * and its place in the run go into one 64-bit word, and the runtime sorts the words natively; what agrees in these bytes is
 * looked at again behind them.
 */
export class RunSorter {
  readonly #pairs: Pairs;
  #pool = new Uint8Array(0);
  #start = new Uint32Array(0);
  #end = new Uint32Array(0);
  #order = new Uint32Array(0);
  #spare = new Uint32Array(0);
  #words = new BigUint64Array(0);
  #halves = new Uint32Array(0);
  #repeated = -1;

  constructor(pairs: Pairs) {
    this.#pairs = pairs;
  }

  /**
   * Sorts at most `LONGEST_RUN` entries, whose keys agree in their first `depth` bytes and have at least as many.
   * Returns an entry whose key another one has as well, or -1.
   */
  sort(entries: Uint32Array, depth: number): number {
    this.#gather(entries, depth);
    this.#repeated = -1;
    this.#sort(0, entries.length, 0);
    if (this.#repeated >= 0) return entries[this.#repeated];
    this.#spare.set(entries);
    for (let i = 0; i < entries.length; i++) entries[i] = this.#spare[this.#order[i]];
    return -1;
  }

  /** Copies four bytes at a time, and so up to three too many, which the next key covers. */
  #gather(entries: Uint32Array, depth: number): void {
    const { pool, keyStart, keyEnd } = this.#pairs;
    let bytes = 0;
    for (let i = 0; i < entries.length; i++) bytes += keyEnd[entries[i]] - keyStart[entries[i]] - depth;
    this.#makeRoom(entries.length, bytes);
    const target = this.#pool;
    const view = new DataView(target.buffer);
    const poolView = new DataView(pool.buffer, pool.byteOffset, pool.byteLength);
    let to = 0;
    for (let i = 0; i < entries.length; i++) {
      if (i % AHEAD === 0) readAhead(this.#pairs, entries, i);
      this.#order[i] = i;
      this.#start[i] = to;
      const from = keyStart[entries[i]] + depth;
      const length = keyEnd[entries[i]] - from;
      if (from + length + 4 > pool.length) target.set(pool.subarray(from, from + length), to);
      else for (let k = 0; k < length; k += 4) view.setUint32(to + k, poolView.getUint32(from + k));
      to += length;
      this.#end[i] = to;
    }
  }

  #makeRoom(count: number, bytes: number): void {
    if (this.#pool.length < bytes + 4) this.#pool = new Uint8Array(bytes + 4);
    if (this.#order.length >= count) return;
    const capacity = Math.min(LONGEST_RUN, 2 * count);
    this.#start = new Uint32Array(capacity);
    this.#end = new Uint32Array(capacity);
    this.#order = new Uint32Array(capacity);
    this.#spare = new Uint32Array(capacity);
    this.#words = new BigUint64Array(capacity);
    this.#halves = new Uint32Array(this.#words.buffer);
  }

  #sort(start: number, end: number, depth: number): void {
    let from = start;
    let skipped = depth;
    if (depth > DEEP) {
      this.#order.subarray(start, end).sort((a, b) => this.#compareAt(a, b, depth));
      return;
    }
    while (end - from > SMALL) {
      const found = this.#takeWords(from, end, skipped);
      if (found === DIFFERENT) {
        this.#sortWords(from, end, skipped);
        return;
      }
      if (found === ENDED) {
        const longer = this.#moveShorter(from, end, skipped + 1);
        if (longer - from > 1) this.#repeated = this.#order[from];
        from = longer;
      } else {
        skipped += commonPrefix(this.#pool, this.#start, this.#end, this.#order.subarray(from, end), skipped);
      }
    }
    this.#insertionSort(from, end, skipped);
  }

  #takeWords(start: number, end: number, depth: number): Found {
    const pool = this.#pool;
    const order = this.#order;
    const halves = this.#halves;
    let differences = 0;
    for (let i = start, at = 0; i < end; i++, at += 2) {
      const place = order[i];
      const from = this.#start[place] + depth;
      const to = this.#end[place];
      if (from === to) return ENDED;
      const high = (twoBytes(pool, from, to) << 16) | twoBytes(pool, from + 2, to);
      const low = twoBytes(pool, from + 4, to) << 16;
      halves[at + HIGH] = high;
      halves[at + LOW] = low | place;
      differences |= (high ^ halves[HIGH]) | ((low ^ halves[LOW]) & ~0xffff);
    }
    return differences === 0 ? SAME : DIFFERENT;
  }

  #sortWords(start: number, end: number, depth: number): void {
    const count = end - start;
    this.#words.subarray(0, count).sort();
    const halves = this.#halves;
    const runs: number[] = [];
    let run = 0;
    for (let i = 0; i < count; i++) {
      const low = halves[2 * i + LOW];
      this.#order[start + i] = low & 0xffff;
      const same =
        halves[2 * i + HIGH] === halves[2 * run + HIGH] && low >>> 16 === halves[2 * run + LOW] >>> 16;
      if (same) continue;
      if (i - run > 1) runs.push(run, i);
      run = i;
    }
    if (count - run > 1) runs.push(run, count);
    for (let i = 0; i < runs.length; i += 2) this.#sortAgain(start + runs[i], start + runs[i + 1], depth);
  }

  /**
   * Sorts entries that agree in the piece at `depth`. Keys that end in it differ in their lengths only, and there are as
   * many lengths as bytes.
   */
  #sortAgain(start: number, end: number, depth: number): void {
    if (this.#repeated >= 0) return;
    const longer = this.#moveShorter(start, end, depth + PIECE);
    this.#insertionSort(start, Math.min(longer, start + PIECE + 1), depth);
    if (end - longer > 1) this.#sort(longer, end, depth + PIECE);
  }

  /** Moves keys of less than `length` bytes to the front. Returns the place behind them. */
  #moveShorter(start: number, end: number, length: number): number {
    let longer = start;
    for (let i = start; i < end; i++) {
      const place = this.#order[i];
      if (this.#end[place] - this.#start[place] >= length) continue;
      this.#order[i] = this.#order[longer];
      this.#order[longer++] = place;
    }
    return longer;
  }

  #insertionSort(start: number, end: number, depth: number): void {
    const order = this.#order;
    for (let i = start + 1; i < end; i++) {
      const place = order[i];
      let hole = i;
      for (; hole > start; hole--) {
        const before = order[hole - 1];
        const difference = this.#compareAt(before, place, depth);
        if (difference <= 0) break;
        order[hole] = before;
      }
      order[hole] = place;
    }
  }

  #compareAt(a: number, b: number, depth: number): number {
    const difference = compare(
      this.#pool,
      this.#start[a] + depth,
      this.#end[a],
      this.#start[b] + depth,
      this.#end[b],
    );
    if (difference === 0 && a !== b) this.#repeated = a;
    return difference;
  }
}

/** Compares two ranges of `pool` byte by byte. */
export function compare(
  pool: Uint8Array,
  startA: number,
  endA: number,
  startB: number,
  endB: number,
): number {
  const end = startA + Math.min(endA - startA, endB - startB);
  for (let a = startA, b = startB; a < end; a++, b++) {
    const difference = pool[a] - pool[b];
    if (difference !== 0) return difference;
  }
  return endA - startA - (endB - startB);
}

/** How many bytes behind the first `depth` all the keys of `entries` have in common. */
export function commonPrefix(
  pool: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  entries: Uint32Array,
  depth: number,
): number {
  const first = starts[entries[0]] + depth;
  let common = ends[entries[0]] - first;
  for (let i = 1; i < entries.length && common > 0; i++) {
    const at = starts[entries[i]] + depth;
    const limit = Math.min(common, ends[entries[i]] - at);
    let same = 0;
    while (same < limit && pool[first + same] === pool[at + same]) same++;
    common = same;
  }
  return common;
}

/** Two bytes from `from` on as a number, zeros for those from `to` on. */
export function twoBytes(pool: Uint8Array, from: number, to: number): number {
  return ((from < to ? pool[from] : 0) << 8) | (from + 1 < to ? pool[from + 1] : 0);
}
