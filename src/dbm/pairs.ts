/**
 * Keys and values as columns over one pool of bytes: what a table is written from, and what it is read back into.
 *
 * Entry `i` has the key `pool[keyStart[i], keyEnd[i])` and the value `pool[valueStart[i], valueEnd[i])`. Ranges may
 * overlap: many entries may share one value's bytes. Only the first `count` elements of the arrays have a meaning.
 */
export interface Pairs {
  readonly count: number;
  readonly pool: Uint8Array;
  readonly keyStart: Uint32Array;
  readonly keyEnd: Uint32Array;
  readonly valueStart: Uint32Array;
  readonly valueEnd: Uint32Array;
}
