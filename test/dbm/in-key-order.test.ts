import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inKeyOrder } from '../../src/dbm/in-key-order.ts';
import { loopsIn } from '../../src/dbm/lmdb/loops.ts';
import { PLACE, TableGroups } from '../../src/dbm/table-groups.ts';
import { aliases, type Entry, pairsOf, runs } from './support.ts';

const refuse = (key: Uint8Array) => new Error(`twice: ${Buffer.from(key)}`);

/** The entries as `inKeyOrder` gives them, each as key and value in hex. */
function inOrder(entries: readonly Entry[]): string[] {
  const table = new TableGroups(pairsOf(entries), loopsIn);
  const rows: string[] = [];
  let isOver = entries.length === 0;
  for (const { places, count, isLast } of inKeyOrder(table, refuse)) {
    isOver = isLast;
    for (let i = 0; i < count; i++) {
      const [key, keyEnd, value, valueEnd] = table.memory.numbers(places + 4 * PLACE * i, PLACE);
      const hex = (from: number, to: number) =>
        Buffer.from(table.memory.bytes(from, to - from)).toString('hex');
      rows.push(`${hex(key, keyEnd)} ${hex(value, valueEnd)}`);
    }
  }
  expect(isOver).toBe(true);
  return rows;
}

function sorts(entries: readonly Entry[]): void {
  const rows = entries.map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const);
  rows.sort(([a], [b]) => Buffer.compare(a, b));
  const theirs = rows.map(([key, value]) => `${key.toString('hex')} ${value.toString('hex')}`);
  const ours = inOrder(entries);
  expect(ours.length).toBe(theirs.length);
  expect(ours.findIndex((row, i) => row !== theirs[i])).toBe(-1);
}

/** The same entries, in an order that has nothing to do with their keys. */
function mixed(entries: readonly Entry[]): Entry[] {
  const place = new Map(entries.map((entry, i) => [entry, Math.imul(i + 1, 0x9e3779b1) >>> 0]));
  return entries.toSorted((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
}

describe('entries in the order of their keys', () => {
  test.each([0, 1, 2, 47, 96, 129, 5000, 30_000])('%i entries', (count) => {
    const entries = mixed(aliases(count));
    sorts(entries);
    sorts(entries.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    sorts(entries.toSorted(([a], [b]) => Buffer.compare(Buffer.from(b), Buffer.from(a))));
  });

  test('keys that others begin with, and zeros', () => {
    const keys = Array.from({ length: 400 }, (_, i) => [
      'a'.repeat(i),
      '\0'.repeat(i + 1),
      `b${'\0'.repeat(i)}`,
    ]);
    sorts(mixed(keys.flat().map((key, i): Entry => [key, `${i}`])));
  });

  test('keys that begin alike for longer than is compared at once, and long values', () => {
    const begin = 'k'.repeat(100);
    const entries = aliases(20_000).map(
      ([key, value], i): Entry => [
        `${i % 3 === 0 ? begin : 'the same for many'}${key}`,
        `${value}`.repeat(i % 50 === 0 ? 50 : 1),
      ],
    );
    sorts(mixed(entries));
    sorts(mixed(entries.map(([key, value]): Entry => [`${begin}${key}`, value])));
  });

  test('random keys of few bytes', () => {
    const key = fc
      .array(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), { maxLength: 20 })
      .map((bytes) => Uint8Array.from(bytes));
    const keys = fc.uniqueArray(key, { selector: (bytes) => bytes.join(), maxLength: 800, size: 'max' });
    fc.assert(
      fc.property(keys, (all) => sorts(all.map((bytes, i): Entry => [bytes, `${i}`]))),
      runs(200),
    );
  });
});

test('a key right before one that it begins with, or before itself', () => {
  sorts([
    ['ab', '1'],
    ['a', '2'],
  ]);
  const twice: Entry[] = [
    ['a', '1'],
    ['a', '2'],
  ];
  expect(() => inOrder(twice)).toThrow('twice: a');
});

test.each([2, 300, 20_000])('a key that two of %i entries have', (count) => {
  const entries: Entry[] = [...mixed(aliases(count - 1)), ...aliases(1)];
  expect(() => inOrder(entries)).toThrow('twice: anna.ng.0@example.ac.uk');
});
