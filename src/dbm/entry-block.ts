import type { Pairs } from './pairs.ts';

/** As many entries as a block should have: enough to wait for together, few enough to stay in the cache. */
export const BLOCK = 256;

/**
 * The columns of some entries that lie scattered in a table. Columns and bytes are fetched for all of them together, in
 * loops that do nothing else, so that the processor waits for many at once.
 */
export class EntryBlock {
  keyStart = new Uint32Array(BLOCK);
  keyEnd = new Uint32Array(BLOCK);
  valueStart = new Uint32Array(BLOCK);
  valueEnd = new Uint32Array(BLOCK);
  /** Means nothing; keeps the fetching from being optimised away. */
  touched = 0;
  readonly #pairs: Pairs;

  constructor(pairs: Pairs) {
    this.#pairs = pairs;
  }

  /** Turns to `entries[from, to)`. */
  load(entries: Uint32Array, from: number, to: number): void {
    const count = to - from;
    if (count > this.keyStart.length) this.#grow(count);
    const { keyStart, keyEnd, valueStart, valueEnd } = this;
    const { keyStart: keyStarts, keyEnd: keyEnds } = this.#pairs;
    const { valueStart: valueStarts, valueEnd: valueEnds, pool } = this.#pairs;
    for (let i = 0; i < count; i++) {
      const entry = entries[from + i];
      keyStart[i] = keyStarts[entry];
      keyEnd[i] = keyEnds[entry];
      valueStart[i] = valueStarts[entry];
      valueEnd[i] = valueEnds[entry];
    }
    let touched = 0;
    for (let i = 0; i < count; i++) touched ^= pool[keyStart[i]] ^ pool[Math.max(valueEnd[i], 1) - 1];
    this.touched = touched;
  }

  #grow(count: number): void {
    this.keyStart = new Uint32Array(count);
    this.keyEnd = new Uint32Array(count);
    this.valueStart = new Uint32Array(count);
    this.valueEnd = new Uint32Array(count);
  }
}
