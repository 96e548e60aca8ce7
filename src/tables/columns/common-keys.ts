import type { Pairs } from '../../dbm/pairs.ts';
import { compareBytes } from './bytes.ts';
import { keyPrefixes } from './key-prefixes.ts';

/** Entries of a table by their numbers, in the order of their keys. */
export interface Entries {
  readonly pairs: Pairs;
  /** Undefined for all of them. */
  readonly list: Uint32Array | undefined;
}

/** Of the entries of `a` those, in their order, whose key is also among those of `b`. */
export function commonKeys(a: Entries, b: Entries): Uint32Array {
  const listA = a.list ?? allOf(a.pairs);
  const listB = b.list ?? allOf(b.pairs);
  const prefixesA = prefixesOf(a, listA);
  const prefixesB = prefixesOf(b, listB);
  const common = new Uint32Array(Math.min(listA.length, listB.length));
  let count = 0;
  let i = 0;
  let j = 0;
  while (i < prefixesA.length && j < prefixesB.length) {
    const order = prefixesA[i] - prefixesB[j] || compareKeys(a.pairs, listA[i], b.pairs, listB[j]);
    if (order === 0) common[count++] = listA[i];
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return common.slice(0, count);
}

/** A table is held against several others. */
const prefixesBefore = new WeakMap<Pairs, Float64Array>();

function prefixesOf({ pairs, list }: Entries, numbers: Uint32Array): Float64Array {
  const isWhole = list === undefined || list.length === pairs.count;
  const known = isWhole ? prefixesBefore.get(pairs) : undefined;
  if (known !== undefined) return known;
  const prefixes = keyPrefixes(pairs, numbers, 0);
  if (isWhole) prefixesBefore.set(pairs, prefixes);
  return prefixes;
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
