import type { Pairs } from './pairs.ts';
import { compare } from './sort-run.ts';
import { inStretches } from './stretches.ts';

/** Numbers that tell where an entry is in the pool: the columns of `Pairs`, side by side. */
export const PLACE = 4;

/** Entries sorted by a number that the hash of their key gives. */
export interface HashOrder {
  /** Entry `i` has the numbers from `PLACE * i` on. */
  readonly places: Uint32Array;
  readonly hashes: Uint32Array;
  /** A key that two entries have, or undefined. With one, the order means nothing. */
  readonly repeated: Uint8Array | undefined;
}

/**
 * Keeps what `sort` last gave for a table: it is put into order to be written, and again to be held against the file.
 * `terminated`: with a NUL behind each key.
 */
export function kept(
  sort: (pairs: Pairs, terminated: boolean) => HashOrder,
): (pairs: Pairs, terminated: boolean) => HashOrder {
  const orders = new WeakMap<Pairs, { readonly terminated: boolean; readonly order: HashOrder }>();
  return (pairs, terminated) => {
    const known = orders.get(pairs);
    if (known?.terminated === terminated) return known.order;
    const order = sort(pairs, terminated);
    orders.set(pairs, { terminated, order });
    return order;
  };
}

/**
 * Fetches the bytes of the entries `[from, to)` of `places`, in a loop that does nothing else: so the processor waits for many
 * at once. A few hundred stay in the cache. What it returns means nothing.
 */
export function fetchBytes(pool: Uint8Array, places: Uint32Array, from: number, to: number): number {
  let fetched = 0;
  for (let at = PLACE * from; at < PLACE * to; at += PLACE) {
    fetched ^= pool[places[at]] ^ pool[Math.max(places[at + 3], 1) - 1];
  }
  return fetched;
}

/** As many entries, about, are put into order at a time: their numbers stay in the cache. */
const RUN_BITS = 11;
/** By how many places an entry of a run may be moved on average before something else than insertion sorts the run. */
const MOVES = 16;

/**
 * Sorts entries by `numbers`, which have at most `bits` bits (up to 31) and come from their keys' `hashes`; entries with the
 * same number by hash, and those with the same hash by key. Numbers that are spread over all values make this two passes.
 */
export function sortByHash(pairs: Pairs, hashes: Uint32Array, numbers: Uint32Array, bits: number): HashOrder {
  const { count, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  const shift = bits - Math.min(bits, 32 - Math.clz32(count >>> RUN_BITS));
  const next = new Uint32Array(2 ** (bits - shift) + 1);
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) next[(numbers[i] >>> shift) + 1]++;
  });
  for (let run = 1; run < next.length; run++) next[run] += next[run - 1];
  const places = new Uint32Array(PLACE * count);
  const runHashes = new Uint32Array(count);
  const runNumbers = new Uint32Array(count);
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) {
      const to = next[numbers[i] >>> shift]++;
      const at = PLACE * to;
      places[at] = keyStart[i];
      places[at + 1] = keyEnd[i];
      places[at + 2] = valueStart[i];
      places[at + 3] = valueEnd[i];
      runHashes[to] = hashes[i];
      runNumbers[to] = numbers[i];
    }
  });

  const sorter = new RunSorter(pairs.pool, places, runHashes, runNumbers);
  for (let run = 0, from = 0; run + 1 < next.length; run++) {
    sorter.sort(from, next[run], shift);
    from = next[run];
  }
  return { places, hashes: runHashes, repeated: sorter.repeated };
}

class RunSorter {
  repeated: Uint8Array | undefined;
  readonly #pool: Uint8Array;
  readonly #places: Uint32Array;
  readonly #hashes: Uint32Array;
  readonly #numbers: Uint32Array;
  #order = new Uint32Array(0);
  #sortedPlaces = new Uint32Array(0);
  #sortedHashes = new Uint32Array(0);
  #next = new Uint32Array(0);

  constructor(pool: Uint8Array, places: Uint32Array, hashes: Uint32Array, numbers: Uint32Array) {
    this.#pool = pool;
    this.#places = places;
    this.#hashes = hashes;
    this.#numbers = numbers;
  }

  /** Sorts the entries `[from, to)`, whose numbers differ in their last `bits` bits only. */
  sort(from: number, to: number, bits: number): void {
    if (to - from < 2) return;
    if (to - from > this.#order.length) this.#grow(to - from);
    this.#sortRoughly(from, to, bits);
    if (!this.#sortByInsertion(to - from)) {
      this.#order.subarray(0, to - from).sort((a, b) => this.#compare(a, b));
    }
    this.#layOut(from, to);
  }

  #grow(count: number): void {
    this.#order = new Uint32Array(count);
    this.#sortedPlaces = new Uint32Array(PLACE * count);
    this.#sortedHashes = new Uint32Array(count);
    this.#next = new Uint32Array(2 * count + 1);
  }

  /** A counting sort by the first bits in which numbers may differ, as many as make about one group an entry. */
  #sortRoughly(from: number, to: number, bits: number): void {
    const groupBits = Math.min(bits, 32 - Math.clz32(to - from));
    const shift = bits - groupBits;
    const mask = 2 ** groupBits - 1;
    const numbers = this.#numbers;
    const order = this.#order;
    const next = this.#next;
    next.fill(0, 0, mask + 2);
    for (let i = from; i < to; i++) next[((numbers[i] >>> shift) & mask) + 1]++;
    for (let group = 1; group <= mask; group++) next[group] += next[group - 1];
    for (let i = from; i < to; i++) order[next[(numbers[i] >>> shift) & mask]++] = i;
  }

  /** Returns false when chosen keys make that too slow. */
  #sortByInsertion(count: number): boolean {
    const order = this.#order;
    const numbers = this.#numbers;
    let moves = MOVES * count;
    for (let i = 1; i < count; i++) {
      const entry = order[i];
      const number = numbers[entry];
      let at = i;
      for (; at > 0; at--) {
        const before = order[at - 1];
        if (numbers[before] < number || (numbers[before] === number && this.#compare(before, entry) <= 0))
          break;
        order[at] = before;
      }
      order[at] = entry;
      moves -= i - at;
      if (moves < 0) return false;
    }
    return true;
  }

  #compare(a: number, b: number): number {
    const difference = this.#numbers[a] - this.#numbers[b] || this.#hashes[a] - this.#hashes[b];
    if (difference !== 0) return difference;
    const places = this.#places;
    const [startA, endA] = [places[PLACE * a], places[PLACE * a + 1]];
    const order = compare(this.#pool, startA, endA, places[PLACE * b], places[PLACE * b + 1]);
    if (order === 0 && a !== b) this.repeated = this.#pool.subarray(startA, endA);
    return order;
  }

  #layOut(from: number, to: number): void {
    const order = this.#order;
    const places = this.#places;
    const hashes = this.#hashes;
    const sortedPlaces = this.#sortedPlaces;
    const sortedHashes = this.#sortedHashes;
    const count = to - from;
    for (let i = 0, at = 0; i < count; i++, at += PLACE) {
      const entry = order[i];
      const place = PLACE * entry;
      sortedPlaces[at] = places[place];
      sortedPlaces[at + 1] = places[place + 1];
      sortedPlaces[at + 2] = places[place + 2];
      sortedPlaces[at + 3] = places[place + 3];
      sortedHashes[i] = hashes[entry];
    }
    places.set(sortedPlaces.subarray(0, PLACE * count), PLACE * from);
    hashes.set(sortedHashes.subarray(0, count), from);
  }
}
