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
  const wrong = (pairs: Pairs, entry: number, what: string) =>
    new DbmError(
      path,
      `the key ${printable(pairs.pool.subarray(pairs.keyStart[entry], pairs.keyEnd[entry]))} ${what}`,
    );
  const ours = sortByKey(stored);
  if (ours.repeated >= 0) throw wrong(stored, ours.repeated, 'is there twice');
  const theirs = sortByKey(table);
  if (theirs.repeated >= 0) throw wrong(table, theirs.repeated, 'is in the table twice');

  const storedView = viewOf(stored.pool);
  const tableView = viewOf(table.pool);
  const count = Math.max(stored.count, table.count);
  for (let i = 0; i < count; i++) {
    const a = ours.order[i];
    const b = theirs.order[i];
    if (b === undefined) throw wrong(stored, a, 'is not in the table');
    if (a === undefined) throw wrong(table, b, 'is missing');
    const key = stored.keyEnd[a] - stored.keyStart[a];
    const sameKey =
      key === table.keyEnd[b] - table.keyStart[b] &&
      sameBytes(storedView, stored.keyStart[a], tableView, table.keyStart[b], key);
    if (!sameKey) {
      const storedFirst = compareKeys(stored, a, table, b) < 0;
      throw storedFirst ? wrong(stored, a, 'is not in the table') : wrong(table, b, 'is missing');
    }
    const value = stored.valueEnd[a] - stored.valueStart[a];
    const sameValue =
      value === table.valueEnd[b] - table.valueStart[b] &&
      sameBytes(storedView, stored.valueStart[a], tableView, table.valueStart[b], value);
    if (!sameValue) throw wrong(stored, a, 'has another value');
  }
}

function compareKeys(a: Pairs, entryA: number, b: Pairs, entryB: number): number {
  return Buffer.compare(
    a.pool.subarray(a.keyStart[entryA], a.keyEnd[entryA]),
    b.pool.subarray(b.keyStart[entryB], b.keyEnd[entryB]),
  );
}
