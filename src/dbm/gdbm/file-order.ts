import { kept, sortByHash } from '../hash-order.ts';
import { hashKeys } from './hash.ts';
import { HASH_BITS } from './layout.ts';

/** The entries as our own files have them, in the order of their hashes. */
export const inFileOrder = kept((pairs, terminated) => {
  const hashes = hashKeys(pairs, terminated);
  return sortByHash(pairs, hashes, hashes, HASH_BITS);
});
