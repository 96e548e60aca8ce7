import type { Pairs } from './pairs.ts';
import type { Sorted } from './sort.ts';
import { compare } from './sort-run.ts';

/** Longer groups of near hashes, which only chosen keys make, are not sorted by insertion. */
const LONG_GROUP = 64;

/**
 * Sorts entries by their keys' hashes, unsigned numbers of `bits` bits, and entries with the same hash by key. Hashes
 * that are spread over all values make this one pass over the table.
 */
export function sortByHash(pairs: Pairs, hashes: Uint32Array, bits: number): Sorted {
  const { count } = pairs;
  const order = new Uint32Array(count);
  const groupBits = Math.max(1, Math.min(bits, 24, 30 - Math.clz32(count)));
  const shift = bits - groupBits;
  const next = new Uint32Array(2 ** groupBits + 1);
  for (let i = 0; i < count; i++) next[(hashes[i] >>> shift) + 1]++;
  for (let group = 1; group < next.length; group++) next[group] += next[group - 1];
  for (let i = 0; i < count; i++) order[next[hashes[i] >>> shift]++] = i;

  const sorter = new GroupSorter(pairs, hashes, order);
  for (let group = 0, from = 0; group < next.length - 1; group++) {
    const to = next[group];
    if (to - from > 1) sorter.sort(from, to);
    from = to;
  }
  return { order, repeated: sorter.repeated };
}

class GroupSorter {
  repeated = -1;
  readonly #pairs: Pairs;
  readonly #hashes: Uint32Array;
  readonly #order: Uint32Array;

  constructor(pairs: Pairs, hashes: Uint32Array, order: Uint32Array) {
    this.#pairs = pairs;
    this.#hashes = hashes;
    this.#order = order;
  }

  sort(from: number, to: number): void {
    const order = this.#order;
    if (to - from > LONG_GROUP) {
      order.subarray(from, to).sort((a, b) => this.#compare(a, b));
      return;
    }
    for (let i = from + 1; i < to; i++) {
      const entry = order[i];
      let at = i;
      for (; at > from && this.#compare(order[at - 1], entry) > 0; at--) order[at] = order[at - 1];
      order[at] = entry;
    }
  }

  #compare(a: number, b: number): number {
    const difference = this.#hashes[a] - this.#hashes[b];
    if (difference !== 0) return difference;
    const { pool, keyStart, keyEnd } = this.#pairs;
    const order = compare(pool, keyStart[a], keyEnd[a], keyStart[b], keyEnd[b]);
    if (order === 0 && a !== b) this.repeated = Math.max(a, b);
    return order;
  }
}
