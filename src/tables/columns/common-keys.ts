import type { Pairs } from '../../dbm/pairs.ts';
import { compareBytes } from './bytes.ts';
import { keyPrefixes } from './key-prefixes.ts';

/** Entries of a table by their numbers, in the order of their keys. */
export interface Entries {
  readonly pairs: Pairs;
  readonly list: Uint32Array;
}

/** Of the entries of `a` those, in their order, whose key is also among those of `b`. */
export function commonKeys(a: Entries, b: Entries): Uint32Array {
  const prefixesA = keyPrefixes(a.pairs, a.list, 0);
  const prefixesB = keyPrefixes(b.pairs, b.list, 0);
  const common = new Uint32Array(Math.min(a.list.length, b.list.length));
  let count = 0;
  let i = 0;
  let j = 0;
  while (i < prefixesA.length && j < prefixesB.length) {
    const order = prefixesA[i] - prefixesB[j] || compareKeys(a.pairs, a.list[i], b.pairs, b.list[j]);
    if (order === 0) common[count++] = a.list[i];
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return common.slice(0, count);
}

/** The numbers of all entries. */
export function allOf({ count }: Pairs): Uint32Array {
  const list = new Uint32Array(count);
  for (let i = 0; i < count; i++) list[i] = i;
  return list;
}

function compareKeys(a: Pairs, x: number, b: Pairs, y: number): number {
  return compareBytes(a.pool, a.keyStart[x], a.keyEnd[x], b.pool, b.keyStart[y], b.keyEnd[y]);
}
