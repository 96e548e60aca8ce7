import { describe, expect, test } from 'vitest';
import { loopsIn } from '../../src/dbm/cdb/loops.ts';
import { inHashOrder } from '../../src/dbm/in-hash-order.ts';
import { PLACE, TableGroups } from '../../src/dbm/table-groups.ts';
import { aliases, type Entry, pairsOf } from './support.ts';

/** Numbers of `bits` bits that look like hashes. */
function mixed(bits: number): (i: number) => number {
  return (i) => Math.imul(i + 1, 0x9e3779b1) >>> (32 - bits);
}

/** Each entry as its number, hash, key and value. */
type Row = readonly [number, number, Buffer, string];

/** The entries as `inHashOrder` gives them, each as hash, key and value. */
function inOrder(
  entries: readonly Entry[],
  number: (i: number) => number,
  hash: (i: number) => number,
  limit: number,
): string[] {
  const table = new TableGroups(pairsOf(entries), loopsIn);
  const { memory } = table;
  const column = (value: (i: number) => number) => {
    const address = memory.reserve(4 * entries.length);
    memory.numbers(address, entries.length).set(entries.map((_, i) => value(i)));
    return address;
  };
  const rows: string[] = [];
  for (const { places, count } of inHashOrder('the file', table, column(number), column(hash), limit)) {
    for (let i = 0; i < count; i++) {
      const [key, keyEnd, value, valueEnd, , hash] = memory.numbers(places + 4 * PLACE * i, PLACE);
      const text = (from: number, to: number) => Buffer.from(memory.bytes(from, to - from)).toString();
      rows.push(`${hash} ${text(key, keyEnd)} ${text(value, valueEnd)}`);
    }
  }
  return rows;
}

function sorts(
  entries: readonly Entry[],
  number: (i: number) => number,
  hash: (i: number) => number,
  limit: number,
): void {
  const ours = inOrder(entries, number, hash, limit);
  const rows = entries.map(([key, value], i): Row => [number(i), hash(i), Buffer.from(key), `${value}`]);
  rows.sort(([n, h, k], [m, g, l]) => n - m || h - g || Buffer.compare(k, l));
  const theirs = rows.map(([, hash, key, value]) => `${hash} ${key} ${value}`);
  expect(ours.length).toBe(entries.length);
  expect(ours.findIndex((row, i) => row !== theirs[i])).toBe(-1);
}

describe('entries in the order of numbers, hashes and keys', () => {
  test.each([0, 1, 2, 3, 2047, 2048, 5000, 100_000])('%i entries', (count) => {
    sorts(aliases(count), mixed(31), mixed(32), 2 ** 31);
    sorts(aliases(count), mixed(8), mixed(32), 2 ** 8);
    sorts(aliases(count).toReversed(), mixed(17), mixed(10), 2 ** 17);
  });

  test('values that stay where they are, and keys of every length', () => {
    const entries = aliases(3000).map(
      ([key, value], i): Entry => [`${key}${'k'.repeat(i % 300)}`, `${value}`.repeat(i % 5 === 0 ? 40 : 1)],
    );
    sorts(entries, mixed(12), mixed(32), 2 ** 12);
  });

  test.each<[string, (i: number) => number, (i: number) => number]>([
    ['the same number', () => 7, mixed(32)],
    ['the same hash', () => 7, () => 9],
    ['numbers near each other', (i) => i % 3, mixed(4)],
    ['numbers from the last to the first', (i) => 2 ** 31 - 1 - i, mixed(32)],
  ])('%s', (_name, number, hash) => {
    sorts(aliases(20_000), number, hash, 2 ** 31);
    sorts(aliases(20_000).toReversed(), number, hash, 2 ** 31);
  });
});

test.each([2, 5000])('a key that two of %i entries have', (count) => {
  const entries: Entry[] = [...aliases(count - 1), aliases(1)[0] ?? ['', '']];
  const hash = (i: number) => mixed(31)(i === count - 1 ? 0 : i);
  const message = 'the file: the key "anna.ng.0@example.ac.uk" is there twice';
  expect(() => inOrder(entries, hash, hash, 2 ** 31)).toThrow(message);
  const same = () => 3;
  expect(() => inOrder(entries, same, same, 4)).toThrow(message);
});
