import { sameBytes, viewOf } from './bytes.ts';
import { DbmError } from './error.ts';
import type { Pairs } from './pairs.ts';
import { printable } from './printable.ts';
import { sortedByKey } from './sorting/sorted-by-key.ts';

/**
 * Holds what a file stores against the table that it should store, whatever order each is in.
 *
 * @throws DbmError naming the first key, in the order of keys, that is missing, extra, repeated or has another value
 */
export function checkSameEntries(path: string, stored: Pairs, table: Pairs): void {
  const ours = sortedByKey(path, stored, (key) => wrong(path, key, 'is there twice'));
  const theirs = sortedByKey(path, table, (key) => wrong(path, key, 'is in the table twice'));

  const storedView = viewOf(ours.pool);
  const tableView = viewOf(theirs.pool);
  const count = Math.max(ours.count, theirs.count);
  for (let i = 0; i < count; i++) {
    if (i >= theirs.count) throw wrong(path, keyOf(ours, i), 'is not in the table');
    if (i >= ours.count) throw wrong(path, keyOf(theirs, i), 'is missing');
    const keyLength = ours.keyEnd[i] - ours.keyStart[i];
    const sameKey =
      keyLength === theirs.keyEnd[i] - theirs.keyStart[i] &&
      sameBytes(storedView, ours.keyStart[i], tableView, theirs.keyStart[i], keyLength);
    if (!sameKey) {
      const storedFirst = Buffer.compare(keyOf(ours, i), keyOf(theirs, i)) < 0;
      throw storedFirst
        ? wrong(path, keyOf(ours, i), 'is not in the table')
        : wrong(path, keyOf(theirs, i), 'is missing');
    }
    const valueLength = ours.valueEnd[i] - ours.valueStart[i];
    const sameValue =
      valueLength === theirs.valueEnd[i] - theirs.valueStart[i] &&
      sameBytes(storedView, ours.valueStart[i], tableView, theirs.valueStart[i], valueLength);
    if (!sameValue) throw wrong(path, keyOf(ours, i), 'has another value');
  }
}

function keyOf({ pool, keyStart, keyEnd }: Pairs, entry: number): Uint8Array {
  return pool.subarray(keyStart[entry], keyEnd[entry]);
}

function wrong(path: string, key: Uint8Array, what: string): DbmError {
  return new DbmError(path, `the key ${printable(key)} ${what}`);
}
