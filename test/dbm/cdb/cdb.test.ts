import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formats, openTable } from '../../../src/dbm/index.ts';
import { testDamage } from '../every-format/damage.ts';
import { testEveryFormat } from '../every-format/every-format.ts';
import { readsWhole } from '../every-format/reads-whole.ts';
import type { Written } from '../every-format/tested-format.ts';
import { aliases, type Entry, eximLookup, pairsOf, run, scratchDirectory } from '../support.ts';

const directory = scratchDirectory();

/** The form that `cdb -c` reads and `cdb -d` writes. */
function cdbmake(entries: readonly Entry[]): Buffer {
  const records = entries.map(([key, value]) => {
    const [k, v] = [Buffer.from(key), Buffer.from(value)];
    return Buffer.concat([
      Buffer.from(`+${k.length},${v.length}:`),
      k,
      Buffer.from('->'),
      v,
      Buffer.from('\n'),
    ]);
  });
  return Buffer.concat([...records, Buffer.from('\n')]);
}

/** What `cdb -d` shows, as `hexLines` would. */
function dumped(records: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; records[at] === 0x2b; at++) {
    const head = records.subarray(at, records.indexOf(':', at) + 1);
    const [key = 0, value = 0] = head.toString().slice(1, -1).split(',').map(Number);
    const keyEnd = at + head.length + key;
    lines.push(
      `${records.toString('hex', keyEnd - key, keyEnd)} ${records.toString('hex', keyEnd + 2, keyEnd + 2 + value)}`,
    );
    at = keyEnd + 2 + value;
  }
  return lines.sort();
}

/** Fails the test unless `cdb -d` shows what was written, and `cdb -c` makes the very same file of it. */
function sameBytes({ path, stored }: Written): void {
  const records = run('cdb', ['-d', path]);
  expect(dumped(records)).toEqual(stored);
  const theirs = `${path}.cdb-c`;
  run('cdb', ['-c', theirs], records);
  expect(readFileSync(path).equals(readFileSync(theirs))).toBe(true);
  rmSync(theirs);
}

const written = testEveryFormat(
  {
    format: formats.cdb,
    reader: 'cdb',
    terminated: false,
    counts: [0, 1, 2, 3, 1000, 100_000],
    lengths: [0, 1, 191, 192, 193, 255, 99_999, 1 << 20, (1 << 20) + 5],
    finds: sameBytes,
  },
  directory,
);

const damagedEntries = aliases(60);
testDamage(
  {
    format: formats.cdb,
    reader: 'cdb',
    entries: damagedEntries,
    terminated: false,
    originals: async () => {
      const ours = join(directory, 'ours');
      await formats.cdb.write(ours, pairsOf(damagedEntries));
      return [{ path: ours }];
    },
    place: ({ length }) => fc.nat(length - 1),
    head: 2048,
    tries: 300,
    holds: (path) => {
      for (const [key, value] of damagedEntries) {
        expect(run('cdb', ['-q', path, `${key}`]).toString()).toBe(value);
      }
    },
  },
  directory,
);

test('NULs behind keys and values, when asked for', async () => {
  const path = join(directory, 'terminated.cdb');
  await formats.cdb.write(path, pairsOf(aliases(100)), { terminated: true });
  expect(
    run('cdb', ['-d', path]).includes('bo.smith.1@example.ac.uk\0->bo.1@exchange.example.ac.uk\0\n'),
  ).toBe(true);
  const file = openTable(path, { terminated: true });
  file.readBack(pairsOf(aliases(100)));
  expect(Buffer.from(file.get(Buffer.from('bo.smith.1@example.ac.uk')) ?? '').toString()).toBe(
    'bo.1@exchange.example.ac.uk',
  );
  file.close();
});

describe('files that others made', () => {
  test('cdb -c, unsorted', () => {
    const path = join(directory, 'unsorted.cdb');
    run('cdb', ['-c', path], cdbmake(aliases(5000)));
    readsWhole(path, 'cdb', aliases(5000));
  });

  test('several values for a key', () => {
    const path = join(directory, 'several.cdb');
    run(
      'cdb',
      ['-c', path],
      cdbmake([
        ['a', '1'],
        ['b', '1'],
        ['a', '2'],
      ]),
    );
    const file = openTable(path);
    expect(() => file.pairs()).toThrow(/several values for the key "a"/);
    expect(() => file.verify()).toThrow(/several values for the key "a"/);
    file.close();
  });

  test('a hash table that is filled in another order than records come', () => {
    const path = join(directory, 'swapped.cdb');
    const hash = (key: string) => Buffer.from(key).reduce((h, byte) => (Math.imul(h, 33) ^ byte) >>> 0, 5381);
    const keys = Array.from({ length: 200_000 }, (_, i) => `k${i}`);
    const slot = (key: string) => `${hash(key) & 255} ${(hash(key) >>> 8) % 4}`;
    const [first = '', second = ''] = keys.filter((key) => slot(key) === slot('k0')).slice(0, 2);
    run(
      'cdb',
      ['-c', path],
      cdbmake([
        [first, '1'],
        [second, '2'],
      ]),
    );
    const bytes = readFileSync(path);
    const tables = bytes.length - 32;
    const full = [0, 8, 16, 24]
      .filter((at) => bytes.readUInt32LE(tables + at + 4) !== 0)
      .map((at) => tables + at);
    const [one = 0, other = 0] = full;
    const moved = Buffer.from(bytes.subarray(one, one + 8));
    bytes.copy(bytes, one, other, other + 8);
    moved.copy(bytes, other);
    writeFileSync(path, bytes);
    expect(run('cdb', ['-q', path, second]).toString()).toBe('2');
    readsWhole(path, 'cdb', [
      [first, '1'],
      [second, '2'],
    ]);
  });
});

test('Exim’s cdb lookup finds every key', async () => {
  const config = join(directory, 'exim.conf');
  writeFileSync(config, '');
  const entries = aliases(1000).filter(([key]) => !`${key}`.includes("'"));
  const path = await written(entries);
  const answers = eximLookup(
    'cdb',
    path,
    [...entries.map(([key]) => `${key}`), 'nobody@example.ac.uk'],
    config,
  );
  expect(answers).toEqual([...entries.map(([, value]) => value), undefined]);
});
