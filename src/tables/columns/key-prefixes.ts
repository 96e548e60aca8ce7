import type { Pairs } from '../../dbm/pairs.ts';

/** Six bytes are exact in a double. */
const PREFIX = 6;

/**
 * Numbers that order as the keys of some entries do, as far as six bytes tell: of equal ones the keys must be compared. All are
 * fetched together, so that the processor waits for many keys at once, and not for each when it is compared.
 *
 * @param order numbers of entries
 * @param depth bytes that all the keys begin with in common
 */
export function keyPrefixes(pairs: Pairs, order: Uint32Array, depth: number): Float64Array {
  const { pool, keyStart, keyEnd } = pairs;
  const prefixes = new Float64Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const entry = order[i];
    const at = keyStart[entry] + depth;
    const end = keyEnd[entry];
    if (end - at >= PREFIX) {
      const high = (pool[at] << 16) | (pool[at + 1] << 8) | pool[at + 2];
      const low = (pool[at + 3] << 16) | (pool[at + 4] << 8) | pool[at + 5];
      prefixes[i] = high * 0x1000000 + low;
    } else {
      let prefix = 0;
      for (let place = at; place < at + PREFIX; place++)
        prefix = prefix * 256 + (place < end ? pool[place] : 0);
      prefixes[i] = prefix;
    }
  }
  return prefixes;
}

/** How many bytes some keys begin with in common; of sorted ones the first and the last speak for all. */
export function commonKeyBytes(keys: readonly { readonly pairs: Pairs; readonly entry: number }[]): number {
  const [first] = keys;
  if (first === undefined) return 0;
  const firstStart = first.pairs.keyStart[first.entry];
  let common = first.pairs.keyEnd[first.entry] - firstStart;
  for (const { pairs, entry } of keys) {
    const start = pairs.keyStart[entry];
    const limit = Math.min(common, pairs.keyEnd[entry] - start);
    common = 0;
    while (common < limit && first.pairs.pool[firstStart + common] === pairs.pool[start + common]) common++;
  }
  return common;
}
