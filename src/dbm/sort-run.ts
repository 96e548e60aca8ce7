/** Keys in one pool: key `i` is `pool[start[i], end[i])`. */
export interface Keys {
  readonly pool: Uint8Array;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
}

/** Shorter runs are sorted by insertion. */
const SMALL = 12;
/** Where keys agree in more bytes, it is no longer worth it to go on piece by piece. */
const DEEP = 512;
/** In runs of so many, the place in the run leaves room for five bytes of the key in a 64-bit word; in longer ones for four. */
const WIDE_RUN = 2 ** 24;
/** Where in a word's halves the less and the more significant one lie. */
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** What a look at the next bytes of some keys gave; ENDED: a key has none left. */
type Found = typeof ENDED | typeof SAME | typeof DIFFERENT;
const ENDED = 0;
const SAME = 1;
const DIFFERENT = 2;

/**
 * Sorts runs of keys, given as numbers in an order. A few bytes of each key and its place in the run go into one 64-bit
 * word, and the runtime sorts the words natively; what agrees in these bytes is looked at again behind them.
 */
export class RunSorter {
  /** A key that is there twice, or -1. With one, the order means nothing. */
  repeated = -1;
  readonly #keys: Keys;
  readonly #order: Uint32Array;
  #words = new BigUint64Array(0);
  #halves = new Uint32Array(0);
  #spare = new Uint32Array(0);

  constructor(keys: Keys, order: Uint32Array) {
    this.#keys = keys;
    this.#order = order;
  }

  /** Sorts `order[start, end)`, whose keys agree in their first `depth` bytes and have at least as many. */
  sort(start: number, end: number, depth: number): void {
    if (end - start < 2) return;
    if (this.#words.length < end - start) this.#grow(end - start);
    this.#sort(start, end, depth);
  }

  #grow(count: number): void {
    this.#words = new BigUint64Array(count);
    this.#halves = new Uint32Array(this.#words.buffer);
    this.#spare = new Uint32Array(count);
  }

  #sort(start: number, end: number, depth: number): void {
    let from = start;
    let skipped = depth;
    while (end - from > SMALL && this.repeated < 0) {
      if (skipped > DEEP) {
        this.#order.subarray(from, end).sort((a, b) => this.#compare(a, b, skipped));
        return;
      }
      const found = this.#takeWords(from, end, skipped);
      if (found === DIFFERENT) {
        this.#sortWords(from, end, skipped);
        return;
      }
      if (found === ENDED) {
        const longer = this.#moveShorter(from, end, skipped + 1);
        if (longer - from > 1) this.repeated = this.#order[from];
        from = longer;
      } else {
        skipped += this.#commonPrefix(from, end, skipped);
      }
    }
    this.#insertionSort(from, end, skipped);
  }

  #takeWords(start: number, end: number, depth: number): Found {
    const { pool, start: starts, end: ends } = this.#keys;
    const order = this.#order;
    const halves = this.#halves;
    const wide = end - start <= WIDE_RUN;
    let differences = 0;
    for (let i = start, at = 0; i < end; i++, at += 2) {
      const key = order[i];
      const from = starts[key] + depth;
      const to = ends[key];
      if (from >= to) return ENDED;
      const high = (twoBytes(pool, from, to) << 16) | twoBytes(pool, from + 2, to);
      const fifth = wide && from + 4 < to ? pool[from + 4] : 0;
      halves[at + HIGH] = high;
      halves[at + LOW] = (fifth << 24) | (i - start);
      differences |= (high ^ halves[HIGH]) | (fifth ^ (wide ? halves[LOW] >>> 24 : 0));
    }
    return differences === 0 ? SAME : DIFFERENT;
  }

  #sortWords(start: number, end: number, depth: number): void {
    const count = end - start;
    this.#words.subarray(0, count).sort();
    const halves = this.#halves;
    const order = this.#order;
    const spare = this.#spare;
    spare.set(order.subarray(start, end));
    const placeBits = count <= WIDE_RUN ? 24 : 32;
    const placeMask = count <= WIDE_RUN ? 0xffffff : 0xffffffff;
    const runs: number[] = [];
    let run = 0;
    for (let i = 0; i < count; i++) {
      const low = halves[2 * i + LOW];
      order[start + i] = spare[(low & placeMask) >>> 0];
      const same =
        halves[2 * i + HIGH] === halves[2 * run + HIGH] &&
        (placeBits === 32 || low >>> 24 === halves[2 * run + LOW] >>> 24);
      if (same) continue;
      if (i - run > 1) runs.push(run, i);
      run = i;
    }
    if (count - run > 1) runs.push(run, count);
    const piece = placeBits === 32 ? 4 : 5;
    for (let i = 0; i < runs.length; i += 2)
      this.#sortAgain(start + runs[i], start + runs[i + 1], depth, piece);
  }

  /**
   * Sorts keys that agree in the `piece` bytes at `depth`. Keys that end among these differ in their lengths only, and there
   * are as many lengths as bytes.
   */
  #sortAgain(start: number, end: number, depth: number, piece: number): void {
    if (this.repeated >= 0) return;
    const longer = this.#moveShorter(start, end, depth + piece);
    if (longer > start) this.#insertionSort(start, Math.min(longer, start + piece + 1), depth);
    if (end - longer > 1) this.#sort(longer, end, depth + piece);
  }

  #commonPrefix(start: number, end: number, depth: number): number {
    const { pool, start: starts, end: ends } = this.#keys;
    const first = this.#order[start];
    let common = ends[first] - starts[first] - depth;
    for (let i = start + 1; i < end && common > 0; i++) {
      const key = this.#order[i];
      const at = starts[key] + depth;
      common = commonPart(pool, starts[first] + depth, at, Math.min(common, ends[key] - at));
    }
    return common;
  }

  /** Moves keys of less than `length` bytes to the front. Returns the place behind them. */
  #moveShorter(start: number, end: number, length: number): number {
    const { start: starts, end: ends } = this.#keys;
    const order = this.#order;
    let longer = start;
    for (let i = start; i < end; i++) {
      const key = order[i];
      if (ends[key] - starts[key] >= length) continue;
      order[i] = order[longer];
      order[longer++] = key;
    }
    return longer;
  }

  #insertionSort(start: number, end: number, depth: number): void {
    const order = this.#order;
    for (let i = start + 1; i < end; i++) {
      const key = order[i];
      let hole = i;
      for (; hole > start; hole--) {
        const before = order[hole - 1];
        if (this.#compare(before, key, depth) <= 0) break;
        order[hole] = before;
      }
      order[hole] = key;
    }
  }

  #compare(a: number, b: number, depth: number): number {
    const { pool, start, end } = this.#keys;
    const difference = compare(pool, start[a] + depth, end[a], start[b] + depth, end[b]);
    if (difference === 0 && a !== b) this.repeated = a;
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

/** How many bytes all the keys `pool[start[i], end[i])` begin with in common. */
export function commonPrefix(pool: Uint8Array, start: Uint32Array, end: Uint32Array, count: number): number {
  let common = count === 0 ? 0 : end[0] - start[0];
  for (let i = 1; i < count && common > 0; i++)
    common = commonPart(pool, start[0], start[i], Math.min(common, end[i] - start[i]));
  return common;
}

/** In how many of `limit` bytes two places agree. */
function commonPart(pool: Uint8Array, a: number, b: number, limit: number): number {
  let same = 0;
  while (same < limit && pool[a + same] === pool[b + same]) same++;
  return same;
}

/** Two bytes from `from` on as a number, zeros for those from `to` on. */
export function twoBytes(pool: Uint8Array, from: number, to: number): number {
  return ((from < to ? pool[from] : 0) << 8) | (from + 1 < to ? pool[from + 1] : 0);
}
