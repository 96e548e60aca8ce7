import type { Pairs } from '../../dbm/pairs.ts';
import { compareBytes } from './bytes.ts';

/** The number of the entry with the key `bytes[start, end)` in a table, whose keys are in byte order; -1 without one. */
export function entryOf(table: Pairs, bytes: Uint8Array, start = 0, end = bytes.length): number {
  const { pool, keyStart, keyEnd } = table;
  let low = 0;
  let high = table.count - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = compareBytes(pool, keyStart[middle], keyEnd[middle], bytes, start, end);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** The value of a key, as a view into the table's pool; undefined where it has none. */
export function valueIn(table: Pairs, key: Uint8Array): Uint8Array | undefined {
  const i = entryOf(table, key);
  return i < 0 ? undefined : table.pool.subarray(table.valueStart[i], table.valueEnd[i]);
}
