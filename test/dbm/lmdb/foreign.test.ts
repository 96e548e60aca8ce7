import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openTable } from '../../../src/dbm/index.ts';
import { readsWhole } from '../every-format/reads-whole.ts';
import { aliases, type Entry, run, runs, scratchDirectory } from '../support.ts';
import { compileClient, loadedWith, type Step, writtenBy } from './support.ts';

const directory = scratchDirectory();
const path = join(directory, 'table');
const client = compileClient(directory);

function remove(): void {
  for (const suffix of ['', '-lock']) rmSync(path + suffix, { force: true });
}

describe('files that mdb_load made', () => {
  test.each([0, 1, 2, 100, 101, 30_000])('%i entries', (count) => {
    remove();
    loadedWith(path, aliases(count));
    readsWhole(path, 'lmdb', aliases(count));
  });

  test('values on overflow pages', () => {
    remove();
    const entries = [1, 2000, 2029, 2030, 4080, 4081, 70_000].map(
      (size) => [`v${size}`, 'x'.repeat(size)] as const,
    );
    loadedWith(path, entries);
    readsWhole(path, 'lmdb', entries);
  });
});

describe('files that liblmdb changed over many transactions', () => {
  test('pages that became free, and values that shrank on their overflow pages', () => {
    remove();
    const entries = aliases(4000);
    const long = (size: number): Entry[] =>
      Array.from({ length: 30 }, (_, i) => [`long${i}`, 'y'.repeat(size)]);
    writtenBy(client, path, [
      entries,
      long(30_000),
      long(9000),
      entries.slice(1000).map(([key]) => [`${key}`] as const),
      long(9000)
        .slice(10)
        .map(([key]) => [`${key}`] as const),
      [['last', 'x']],
    ]);
    readsWhole(path, 'lmdb', [...entries.slice(0, 1000), ...long(9000).slice(0, 10), ['last', 'x']]);
  });

  test('all entries deleted', () => {
    remove();
    writtenBy(client, path, [aliases(3000), aliases(3000).map(([key]) => [`${key}`] as const)]);
    readsWhole(path, 'lmdb', []);
  });

  test('random changes', () => {
    const key = fc.nat(60).map((n) => `key${n}`.padEnd(1 + (n % 400), 'k'));
    const value = fc
      .oneof(fc.nat(50), fc.nat(9000), fc.constantFrom(2000, 4080, 30_000))
      .map((n) => 'v'.repeat(n));
    const transaction = fc.array(fc.tuple(key, fc.option(value)), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(transaction, { maxLength: 12 }), (transactions) => {
        const table = new Map<string, string>();
        const steps = transactions.map(
          (changes): Step =>
            changes.flatMap(([key, value]): Step => {
              if (value === null) return table.delete(key) ? [[key]] : [];
              table.set(key, value);
              return [[key, value === '' ? 'empty' : value]];
            }),
        );
        for (const [key, value] of table) if (value === '') table.set(key, 'empty');
        remove();
        writtenBy(client, path, steps);
        readsWhole(path, 'lmdb', [...table]);
      }),
      runs(60),
    );
  });
});

describe('files that are no tables are refused by name', () => {
  test.each([
    ['dupsort', 'dupsort=1\n', [], /flags 4; a table has one value/],
    ['reverse keys', 'reversekey=1\n', [], /flags 2; a table/],
    ['named databases', '', ['-s', 'name'], /named database/],
  ] as const)('%s', (_, header, options, message) => {
    remove();
    const input = `VERSION=3\nformat=print\ntype=btree\n${header}HEADER=END\n a\n 1\n a\n 2\n b\n 1\nDATA=END\n`;
    run('mdb_load', ['-n', ...options, path], input);
    expect(() => openTable(path).pairs()).toThrow(message);
  });

  /** What lmdb-js writes, and what 32-bit machines write, told by where and what stands in the first meta page. */
  test.each([
    [
      'data format 2',
      (bytes: Buffer) => void bytes.writeUInt32LE(2, 20),
      /data format 2, which lmdb-js writes/,
    ],
    ['another data format', (bytes: Buffer) => void bytes.writeUInt32LE(999, 20), /data format 999; only 1/],
    ['a machine of 32 bits', (bytes: Buffer) => void bytes.copyWithin(12, 16, 100), /machine of 32 bits/],
    ['the other byte order', (bytes: Buffer) => void bytes.subarray(16, 20).swap32(), /the other byte order/],
    ['a page size of 100', (bytes: Buffer) => void bytes.writeUInt32LE(100, 40), /page size 100/],
  ])('%s', (_, change, message) => {
    remove();
    loadedWith(path, aliases(10));
    const bytes = readFileSync(path);
    change(bytes);
    writeFileSync(path, bytes);
    expect(() => openTable(path)).toThrow(message);
  });

  test('the lock file beside a table', () => {
    remove();
    loadedWith(path, aliases(10));
    expect(() => openTable(`${path}-lock`)).toThrow(/not a table file/);
  });
});
