import { sameBytes, viewOf } from '../bytes.ts';
import type { LinearMemory } from '../linear-memory.ts';
import { PLACE, PLACE_BYTES } from '../table-groups.ts';
import { compareKeys } from './key-order.ts';
import type { TableBuckets } from './table-buckets.ts';

const NONE = -1;

/** The entries that one bucket should have, in the order of their keys. */
export class Bucket {
  count = 0;
  readonly #memory: LinearMemory;
  readonly #table: TableBuckets;
  readonly #terminated: boolean;
  #places: Uint32Array = new Uint32Array(0);
  #pool: Uint8Array = new Uint8Array(0);
  #view = viewOf(this.#pool);

  constructor(table: TableBuckets, terminated: boolean) {
    this.#table = table;
    this.#memory = table.memory;
    this.#terminated = terminated;
  }

  /** Turns to the `count` entries whose places are at `address`. Returns one of two with the same key, or -1. */
  load(address: number, count: number, scratch: number): number {
    const { loops } = this.#table;
    const repeated = loops.sortPlaces(address, count, this.#terminated ? 1 : 0, scratch) >>> 0;
    this.count = count;
    this.#places = this.#memory.numbers(address, PLACE * count);
    if (this.#pool.length === 0) {
      this.#pool = this.#memory.all();
      this.#view = viewOf(this.#pool);
    }
    return repeated === 0 ? NONE : (repeated - address) / PLACE_BYTES;
  }

  /** The entry with the key `bytes[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const at = PLACE * middle;
      const [from, to] = [this.#places[at], this.#places[at + 1]];
      const difference = compareKeys(this.#pool, from, to, bytes, start, end, this.#terminated);
      if (difference === 0) return middle;
      if (difference < 0) low = middle + 1;
      else high = middle - 1;
    }
    return NONE;
  }

  /** Whether an entry's key is `bytes[start, end)`. */
  hasKey(entry: number, bytes: DataView, start: number, end: number): boolean {
    return entry < this.count && this.#has(PLACE * entry, bytes, start, end);
  }

  /** Whether an entry's value is `bytes[start, end)`. */
  hasValue(entry: number, bytes: DataView, start: number, end: number): boolean {
    return this.#has(PLACE * entry + 2, bytes, start, end);
  }

  key(entry: number): Uint8Array {
    return this.#pool.subarray(this.#places[PLACE * entry], this.#places[PLACE * entry + 1]);
  }

  #has(at: number, bytes: DataView, start: number, end: number): boolean {
    const from = this.#places[at];
    return (
      this.#places[at + 1] - from === end - start && sameBytes(this.#view, from, bytes, start, end - start)
    );
  }
}
