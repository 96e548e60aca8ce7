import type { Pairs } from '../dbm/pairs.ts';
import { compareBytes } from './bytes.ts';

/** The number of the entry with this key in a table, whose keys are in order; undefined where it has none. */
export function findKey({ count, pool, keyStart, keyEnd }: Pairs, key: Uint8Array): number | undefined {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareBytes(pool, keyStart[middle], keyEnd[middle], key, 0, key.length);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}
