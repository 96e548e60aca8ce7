import { type HashOrder, sortByHash } from '../hash-order.ts';
import type { Pairs } from '../pairs.ts';
import { inStretches } from '../stretches.ts';
import { hashKeys } from './hash.ts';
import { TABLES } from './layout.ts';

interface Remembered {
  readonly terminated: boolean;
  readonly order: HashOrder;
}

/** A table is sorted to be written, and again to be held against the file. */
const remembered = new WeakMap<Pairs, Remembered>();

/**
 * The entries as our own files have them: those of each hash table together, in the order of the slots from which a lookup
 * goes. So a table's slots are filled from the first to the last, with records that were written just before.
 */
export function inFileOrder(pairs: Pairs, terminated: boolean): HashOrder {
  const known = remembered.get(pairs);
  if (known?.terminated === terminated) return known.order;
  const { count } = pairs;
  const hashes = hashKeys(pairs, terminated);
  const before = new Uint32Array(TABLES + 1);
  for (let i = 0; i < count; i++) before[(hashes[i] & 255) + 1]++;
  for (let table = 0; table < TABLES; table++) before[table + 1] += before[table];
  const slots = new Uint32Array(count);
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) {
      const table = hashes[i] & 255;
      const ofTable = 2 * (before[table + 1] - before[table]);
      slots[i] = 2 * before[table] + ((hashes[i] >>> 8) % ofTable);
    }
  });
  const order = sortByHash(pairs, hashes, slots, 32 - Math.clz32(2 * count));
  remembered.set(pairs, { terminated, order });
  return order;
}
