import { expect, test } from 'vitest';
import { merge } from '../../../src/tables/columns/merge.ts';
import { Table } from '../../../src/tables/columns/table.ts';
import { entriesOf, pairsOf } from '../pairs.ts';

const { table: whole } = merge([
  {
    source: '',
    pairs: pairsOf([
      ['b', '2'],
      ['a', '1'],
    ]),
  },
]);

test('a table of which the size is known is not gone through before somebody asks for its entries, and then once', () => {
  let loads = 0;
  const parts = [pairsOf([['b', 'x']]), whole];
  const load = () => {
    loads++;
    return whole.columns();
  };
  const table = Table.later({ count: 2, bytes: whole.bytes }, load, () => parts);
  expect([table.count, table.bytes, table.keys()]).toEqual([2, whole.bytes, parts]);
  expect(loads).toBe(0);
  expect(entriesOf(table)).toEqual(entriesOf(whole));
  expect(table.digest).toBe(whole.digest);
  expect(table.keys()).toEqual([table]);
  expect(loads).toBe(1);
});

test('a table whose digest is learnt needs no entries for it', () => {
  const load = () => {
    throw new Error('nobody should ask');
  };
  const table = Table.later({ count: 2, bytes: whole.bytes }, load);
  table.learn(whole.measure());
  expect(table.digest).toBe(whole.digest);
  expect(Table.later({ count: 2, bytes: whole.bytes, digest: whole.digest }, load).digest).toBe(whole.digest);
});

test('what turns out to be another number of entries is no table', () => {
  const table = Table.later({ count: 3, bytes: whole.bytes }, () => whole.columns());
  expect(() => table.pool).toThrow('2 entries instead of 3');
});
