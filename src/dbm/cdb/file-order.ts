import { kept, sortByHash } from '../hash-order.ts';
import { inStretches } from '../stretches.ts';
import { hashKeys } from './hash.ts';
import { countByTable } from './hash-tables.ts';
import { TABLES } from './layout.ts';

/**
 * The entries as our own files have them: those of each hash table together, in the order of the slots from which a lookup
 * goes. So a table's slots are filled from the first to the last, with records that were written just before.
 */
export const inFileOrder = kept((pairs, terminated) => {
  const { count } = pairs;
  const hashes = hashKeys(pairs, terminated);
  const before = new Uint32Array(TABLES + 1);
  countByTable(hashes, before);
  const slots = new Uint32Array(count);
  inStretches(count, (from, to) => {
    for (let i = from; i < to; i++) {
      const table = hashes[i] & 255;
      const ofTable = 2 * (before[table + 1] - before[table]);
      slots[i] = 2 * before[table] + ((hashes[i] >>> 8) % ofTable);
    }
  });
  return sortByHash(pairs, hashes, slots, 32 - Math.clz32(2 * count));
});
