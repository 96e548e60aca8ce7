import { kept, sortByHash } from '../hash-order.ts';
import { inStretches } from '../stretches.ts';
import { hashKeys } from './hash.ts';
import { LARGEST_HASH_SIZE, SMALLEST_HASH_SIZE } from './layout.ts';

/** As many chains as entries. An even number would leave the hash's lowest bit with too much to say. */
export function hashSizeOf(entries: number): number {
  return Math.min(LARGEST_HASH_SIZE, Math.max(SMALLEST_HASH_SIZE, entries | 1));
}

/** The entries as our own files have them: those of each chain together, in the order of the chains. */
export const inFileOrder = kept((pairs, terminated) => {
  const hashes = hashKeys(pairs, terminated);
  const hashSize = hashSizeOf(pairs.count);
  const chains = new Uint32Array(pairs.count);
  inStretches(pairs.count, (from, to) => {
    for (let i = from; i < to; i++) chains[i] = hashes[i] % hashSize;
  });
  return sortByHash(pairs, hashes, chains, 32 - Math.clz32(hashSize));
});
