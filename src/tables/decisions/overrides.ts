import type { Pairs } from '../../dbm/pairs.ts';
import type { Override } from '../../state/overrides.ts';
import { compareBytes } from '../columns/bytes.ts';
import { entryOf, valueIn } from '../columns/entry-of.ts';
import { sharedBytes, sharedColumn } from '../columns/shared-memory.ts';
import { Table } from '../columns/table.ts';

/** A change that is made to a table by hand: a value for a key, or undefined to keep it out. */
export interface Change {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** A table with changes made to it; the same one where they change nothing. */
export function changedByHand(table: Table, changes: readonly Change[]): Table {
  const wanted = changes.filter(({ key, value }) => !isSame(valueIn(table, key), value));
  if (wanted.length === 0) return table;
  const sorted = [...wanted].sort((a, b) => compareBytes(a.key, 0, a.key.length, b.key, 0, b.key.length));
  const more = sorted.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
  const most = table.count + sorted.length;
  const pool = sharedBytes(table.pool.length + more);
  pool.set(table.pool);
  const columns = {
    keyStart: sharedColumn(most),
    keyEnd: sharedColumn(most),
    valueStart: sharedColumn(most),
    valueEnd: sharedColumn(most),
  };
  let used = table.pool.length;
  let count = 0;
  let entry = 0;
  const copyTo = (end: number): void => {
    for (; entry < end; entry++, count++) {
      columns.keyStart[count] = table.keyStart[entry];
      columns.keyEnd[count] = table.keyEnd[entry];
      columns.valueStart[count] = table.valueStart[entry];
      columns.valueEnd[count] = table.valueEnd[entry];
    }
  };
  const append = (bytes: Uint8Array): number => {
    pool.set(bytes, used);
    used += bytes.length;
    return used;
  };
  for (const { key, value } of sorted) {
    copyTo(firstFrom(table, key, entry));
    if (entryOf(table, key) >= 0) entry++;
    if (value === undefined) continue;
    columns.keyStart[count] = used;
    columns.keyEnd[count] = append(key);
    columns.valueStart[count] = used;
    columns.valueEnd[count] = append(value);
    count++;
  }
  copyTo(table.count);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  return Table.from({ count, pool, ...columns }, order);
}

/** The changes of those overrides that are about a table and have not expired. */
export function changesBy(overrides: readonly Override[], table: string, now: Date): Change[] {
  return overrides.flatMap((override): Change[] => {
    const { key, value, expires } = override;
    if (override.table !== table || (expires !== undefined && expires <= now)) return [];
    return [{ key: Buffer.from(key), value: value === undefined ? undefined : Buffer.from(value) }];
  });
}

/** Whether a table says by itself what an override makes it say. */
export function isCaughtUp(table: Pairs, { key, value }: Override): boolean {
  return isSame(valueIn(table, Buffer.from(key)), value === undefined ? undefined : Buffer.from(value));
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return compareBytes(a, 0, a.length, b, 0, b.length) === 0;
}

/** The first entry from `from` on whose key is not less. */
function firstFrom({ count, pool, keyStart, keyEnd }: Pairs, key: Uint8Array, from: number): number {
  let low = from;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(pool, keyStart[middle], keyEnd[middle], key, 0, key.length) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
