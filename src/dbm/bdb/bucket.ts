import { sameBytes, viewOf } from '../bytes.ts';
import type { Pairs } from '../pairs.ts';
import { compareKeys } from './key-order.ts';

/** Runs of this many entries are sorted by insertion before they are merged. */
const RUN = 32;
const NONE = -1;

/**
 * The entries of one bucket in the order of their keys, loaded again and again without garbage.
 *
 * Entry `slots[i]` for `i < count` is the one with the i-th key; its columns are those of `Pairs`. Columns and bytes lie
 * scattered in memory: they are fetched here for all entries together, and everything after works on the cache.
 */
export class Bucket {
  count = 0;
  /** Means nothing; see `load`. */
  touched = 0;
  slots = new Uint32Array(0);
  keyStart = new Uint32Array(0);
  keyEnd = new Uint32Array(0);
  valueStart = new Uint32Array(0);
  valueEnd = new Uint32Array(0);
  /** A number made of the first bytes in which the keys may differ; most comparisons need no more. */
  #prefixes = new Float64Array(0);
  #spareSlots = new Uint32Array(0);
  #sparePrefixes = new Float64Array(0);
  readonly #pairs: Pairs;
  readonly #pool: Uint8Array;
  readonly #view: DataView;
  readonly #terminated: boolean;
  #repeated = NONE;

  constructor(pairs: Pairs, terminated: boolean) {
    this.#pairs = pairs;
    this.#terminated = terminated;
    this.#pool = pairs.pool;
    this.#view = viewOf(pairs.pool);
  }

  /**
   * Takes up `entries[from, to)` and puts them into order there too. Returns the place in `slots` of the second of two
   * entries with the same key, or -1.
   */
  sort(entries: Uint32Array, from: number, to: number): number {
    this.load(entries, from, to);
    if (this.count < 2) return -1;
    this.#takePrefixes(this.#commonPrefix());
    this.#repeated = NONE;
    for (let run = 0; run < this.count; run += RUN) this.#insertionSort(run, Math.min(run + RUN, this.count));
    for (let width = RUN; width < this.count; width *= 2) this.#mergeRuns(width);
    this.#reorder(entries, from);
    return this.#repeated === NONE ? -1 : this.slots.indexOf(this.#repeated);
  }

  /** Takes up `entries[from, to)`, which are in order. */
  load(entries: Uint32Array, from: number, to: number): void {
    const count = to - from;
    this.count = count;
    if (count > this.slots.length) this.#grow();
    const { slots, keyStart, keyEnd, valueStart, valueEnd } = this;
    const pairs = this.#pairs;
    const pool = this.#pool;
    for (let slot = 0; slot < count; slot++) {
      const entry = entries[from + slot];
      slots[slot] = slot;
      keyStart[slot] = pairs.keyStart[entry];
      keyEnd[slot] = pairs.keyEnd[entry];
      valueStart[slot] = pairs.valueStart[entry];
      valueEnd[slot] = pairs.valueEnd[entry];
    }
    // A loop that does nothing else waits for many cache misses at once; kept, so that it is not optimised away.
    let touched = 0;
    for (let slot = 0; slot < count; slot++)
      touched ^= pool[keyStart[slot]] ^ pool[Math.max(valueEnd[slot], 1) - 1];
    this.touched = touched;
  }

  /** The place in `slots` of the key `bytes[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const difference = this.compareKey(this.slots[middle], bytes, start, end);
      if (difference === 0) return middle;
      if (difference < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Whether the key at `place` in `slots` is `bytes[start, end)`. */
  hasKey(place: number, bytes: DataView, start: number, end: number): boolean {
    if (place >= this.count) return false;
    const slot = this.slots[place];
    const from = this.keyStart[slot];
    return this.keyEnd[slot] - from === end - start && sameBytes(this.#view, from, bytes, start, end - start);
  }

  /** Compares the key in `slot` with `bytes[start, end)`. */
  compareKey(slot: number, bytes: Uint8Array, start: number, end: number): number {
    return compareKeys(
      this.#pool,
      this.keyStart[slot],
      this.keyEnd[slot],
      bytes,
      start,
      end,
      this.#terminated,
    );
  }

  #grow(): void {
    const capacity = Math.max(this.count, 2 * this.slots.length, 256);
    this.slots = new Uint32Array(capacity);
    this.keyStart = new Uint32Array(capacity);
    this.keyEnd = new Uint32Array(capacity);
    this.valueStart = new Uint32Array(capacity);
    this.valueEnd = new Uint32Array(capacity);
    this.#prefixes = new Float64Array(capacity);
    this.#spareSlots = new Uint32Array(capacity);
    this.#sparePrefixes = new Float64Array(capacity);
  }

  #reorder(entries: Uint32Array, from: number): void {
    const slots = this.slots;
    const unordered = this.#spareSlots;
    for (let i = 0; i < this.count; i++) unordered[i] = entries[from + i];
    for (let i = 0; i < this.count; i++) entries[from + i] = unordered[slots[i]];
  }

  #commonPrefix(): number {
    const pool = this.#pool;
    const first = this.keyStart[0];
    let common = this.keyEnd[0] - first;
    for (let slot = 1; slot < this.count && common > 0; slot++) {
      const start = this.keyStart[slot];
      const limit = Math.min(common, this.keyEnd[slot] - start);
      let same = 0;
      while (same < limit && pool[first + same] === pool[start + same]) same++;
      common = same;
    }
    return common;
  }

  /** The six bytes after the first `skip`: the NUL counts, and what is not there comes last. */
  #takePrefixes(skip: number): void {
    const { count, keyStart, keyEnd } = this;
    const prefixes = this.#prefixes;
    const view = this.#view;
    for (let slot = 0; slot < count; slot++) {
      const at = keyStart[slot] + skip;
      prefixes[slot] =
        keyEnd[slot] - at >= 6
          ? view.getUint32(at) * 65536 + view.getUint16(at + 4)
          : this.#shortPrefix(at, keyEnd[slot]);
    }
  }

  #shortPrefix(at: number, end: number): number {
    const nul = this.#terminated ? 0 : 0xff;
    let prefix = 0;
    for (let i = at; i < at + 6; i++)
      prefix = prefix * 256 + (i < end ? this.#pool[i] : i === end ? nul : 0xff);
    return prefix;
  }

  #insertionSort(from: number, to: number): void {
    const prefixes = this.#prefixes;
    const slots = this.slots;
    for (let i = from + 1; i < to; i++) {
      const prefix = prefixes[i];
      const slot = slots[i];
      let at = i;
      for (; at > from; at--) {
        const before = prefixes[at - 1];
        if (before < prefix || (before === prefix && this.#compare(slots[at - 1], slot) <= 0)) break;
        prefixes[at] = before;
        slots[at] = slots[at - 1];
      }
      prefixes[at] = prefix;
      slots[at] = slot;
    }
  }

  #mergeRuns(width: number): void {
    for (let from = 0; from < this.count; from += 2 * width) {
      this.#merge(from, Math.min(from + width, this.count), Math.min(from + 2 * width, this.count));
    }
    [this.#prefixes, this.#sparePrefixes] = [this.#sparePrefixes, this.#prefixes];
    [this.slots, this.#spareSlots] = [this.#spareSlots, this.slots];
  }

  #merge(from: number, middle: number, to: number): void {
    const prefixes = this.#prefixes;
    const slots = this.slots;
    let left = from;
    let right = middle;
    for (let at = from; at < to; at++) {
      let takeLeft = right === to;
      if (!takeLeft && left < middle) {
        const difference = prefixes[left] - prefixes[right];
        takeLeft = difference < 0 || (difference === 0 && this.#compare(slots[left], slots[right]) <= 0);
      }
      const taken = takeLeft ? left++ : right++;
      this.#sparePrefixes[at] = prefixes[taken];
      this.#spareSlots[at] = slots[taken];
    }
  }

  #compare(slotA: number, slotB: number): number {
    const order = this.compareKey(slotA, this.#pool, this.keyStart[slotB], this.keyEnd[slotB]);
    if (order === 0) this.#repeated = slotB;
    return order;
  }
}
