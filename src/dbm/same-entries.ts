import { sameBytes, viewOf } from './bytes.ts';
import { DbmError } from './error.ts';
import type { Pairs } from './pairs.ts';
import { printable } from './printable.ts';
import { sortByKey } from './sort.ts';

/**
 * Holds what a file stores against the table that it should store, whatever order each is in.
 *
 * @throws DbmError naming the first key, in the order of keys, that is missing, extra, repeated or has another value
 */
export function checkSameEntries(path: string, stored: Pairs, table: Pairs): void {
  const ours = sortByKey(stored);
  if (ours.repeated >= 0) throw wrong(path, stored, ours.repeated, 'is there twice');
  const theirs = sortByKey(table);
  if (theirs.repeated >= 0) throw wrong(path, table, theirs.repeated, 'is in the table twice');

  const storedView = viewOf(stored.pool);
  const tableView = viewOf(table.pool);
  const count = Math.max(stored.count, table.count);
  for (let i = 0; i < count; i++) {
    const a = ours.order[i];
    const b = theirs.order[i];
    if (b === undefined) throw wrong(path, stored, a, 'is not in the table');
    if (a === undefined) throw wrong(path, table, b, 'is missing');
    const keyLength = stored.keyEnd[a] - stored.keyStart[a];
    const sameKey =
      keyLength === table.keyEnd[b] - table.keyStart[b] &&
      sameBytes(storedView, stored.keyStart[a], tableView, table.keyStart[b], keyLength);
    if (!sameKey) {
      const storedFirst = Buffer.compare(key(stored, a), key(table, b)) < 0;
      throw storedFirst ? wrong(path, stored, a, 'is not in the table') : wrong(path, table, b, 'is missing');
    }
    const valueLength = stored.valueEnd[a] - stored.valueStart[a];
    const sameValue =
      valueLength === table.valueEnd[b] - table.valueStart[b] &&
      sameBytes(storedView, stored.valueStart[a], tableView, table.valueStart[b], valueLength);
    if (!sameValue) throw wrong(path, stored, a, 'has another value');
  }
}

function key(pairs: Pairs, entry: number): Uint8Array {
  return pairs.pool.subarray(pairs.keyStart[entry], pairs.keyEnd[entry]);
}

function wrong(path: string, pairs: Pairs, entry: number, what: string): DbmError {
  return new DbmError(path, `the key ${printable(key(pairs, entry))} ${what}`);
}
