import type { Pairs } from '../../dbm/pairs.ts';

/** What a table is compared with that was never published. */
export const NO_ENTRIES: Pairs = {
  count: 0,
  pool: new Uint8Array(0),
  keyStart: new Uint32Array(0),
  keyEnd: new Uint32Array(0),
  valueStart: new Uint32Array(0),
  valueEnd: new Uint32Array(0),
};
