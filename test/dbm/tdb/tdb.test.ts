import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formats, openTable } from '../../../src/dbm/index.ts';
import { chainHead, HEADER } from '../../../src/dbm/tdb/layout.ts';
import { testDamage } from '../every-format/damage.ts';
import { testEveryFormat } from '../every-format/every-format.ts';
import { readsWhole } from '../every-format/reads-whole.ts';
import { storedLines } from '../every-format/tested-format.ts';
import { aliases, pairsOf, run, scratchDirectory } from '../support.ts';

const directory = scratchDirectory();
let files = 0;

/** What tdbdump shows, as `hexLines` would: stored bytes, trailing NULs and all. */
function dumped(path: string): string[] {
  const text = run('tdbdump', [path]).toString('latin1');
  const hex = (escaped: string) =>
    Buffer.from(
      escaped.replace(/\\([0-9A-F]{2})/g, (_, byte) => String.fromCharCode(Number.parseInt(byte, 16))),
      'latin1',
    ).toString('hex');
  return [...text.matchAll(/^\{\nkey\(\d+\) = "(.*)"\ndata\(\d+\) = "(.*)"\n\}$/gm)]
    .map(([, key = '', value = '']) => `${hex(key)} ${hex(value)}`)
    .sort();
}

/** Runs a script on `db`, the file opened by Samba's own library; `input`, as `dumped` gives it, becomes `pairs`. */
function python(path: string, script: string, input: readonly string[], flags = 'tdb.DEFAULT'): string {
  const program = `
import tdb, os, sys
pairs = [tuple(map(bytes.fromhex, line.rstrip('\\n').split(' '))) for line in sys.stdin]
db = tdb.Tdb(sys.argv[1], 0, ${flags}, os.O_RDWR | os.O_CREAT, 0o644)
${script}`;
  return run('/usr/bin/python3', ['-c', program, path], input.map((line) => `${line}\n`).join('')).toString();
}

/** The keys that tdb's own lookup does not find with the value they have in `lines`, which are as `dumped` gives them. */
function notFound(path: string, lines: readonly string[]): string {
  return python(path, 'for k, v in pairs:\n  if db.get(k) != v: print(k)', lines);
}

/** @throws when tdb finds a fault */
function tdbCheck(path: string): void {
  expect(run('tdbtool', [path, 'check']).toString()).toMatch(/Database integrity is OK/);
}

/** Fails the test unless tdb finds the file whole, and `stored` in it. */
function held(path: string, stored: readonly string[]): void {
  tdbCheck(path);
  expect(dumped(path)).toEqual(stored);
  expect(notFound(path, stored)).toBe('');
}

const written = testEveryFormat(
  {
    format: formats.tdb,
    reader: 'tdb',
    terminated: true,
    counts: [0, 1, 2, 3, 130, 131, 132, 1000, 100_000],
    lengths: [1, 2, 3, 4, 5, 255, 5000, 99_999, (1 << 20) + 5],
    finds: ({ path, stored }) => held(path, stored),
  },
  directory,
);

const damagedEntries = aliases(100);
const { path, original, survives } = testDamage(
  {
    format: formats.tdb,
    reader: 'tdb',
    entries: damagedEntries,
    terminated: true,
    originals: async () => {
      const ours = join(directory, 'ours');
      await formats.tdb.write(ours, pairsOf(damagedEntries));
      return [{ path: ours }];
    },
    place: ({ length }) => fc.oneof(fc.nat(800), fc.nat(length - 1)),
    head: 168,
    tries: 500,
    holds: held,
  },
  directory,
);

test('tdb goes on writing to a file of ours', async () => {
  const path = await written(aliases(3000));
  const all = storedLines(aliases(6000), true);
  python(path, 'for k, v in pairs: db.store(k, v)', all);
  tdbCheck(path);
  expect(dumped(path)).toEqual(all);
  readsWhole(path, 'tdb', aliases(6000));
});

describe('files that tdb made', () => {
  const script = `
for k, v in pairs: db.store(k, v)
for i in range(20): db.store(b'long%d' % i, b'y' * 9000)
for k, v in pairs[1000:]: db.delete(k)
for i in range(20): db.delete(b'long%d' % i)
db.transaction_start()
db.store(pairs[0][0], pairs[0][1])
db.transaction_commit()`;

  test.each(['tdb.DEFAULT', 'tdb.CONVERT'])('%s, also after deletions and a transaction', (flags) => {
    for (const terminated of [true, false]) {
      const path = join(directory, `theirs${files++}`);
      const lines = storedLines(aliases(5000), terminated);
      python(path, script, lines, flags);
      const kept = new Set(lines.slice(0, 1000));
      const entries = aliases(5000).filter(([key, value]) =>
        kept.has(storedLines([[key, value]], terminated)[0] ?? ''),
      );
      expect(entries.length).toBe(1000);
      readsWhole(path, 'tdb', entries);
    }
  });

  test('another hash function is refused by name', () => {
    const path = join(directory, `theirs${files++}`);
    python(path, '', [], 'tdb.INCOMPATIBLE_HASH');
    expect(() => openTable(path)).toThrow(/made with another hash function/);
  });
});

test('a recovery area where a record lies', () => {
  const bytes = original(0);
  const inARecord = chainHead(131) + 4;
  bytes.writeUInt32LE(inARecord, HEADER.recovery);
  expect(survives(bytes)).toBe(false);
  expect(() => openTable(path).verify()).toThrow(`no recovery area begins at ${inARecord}`);
});

test('a chain that leads back to itself', () => {
  const bytes = original(0);
  for (let chain = 0; chain < 131; chain++) {
    const record = bytes.readUInt32LE(172 + 4 * chain);
    if (record > 0) bytes.writeUInt32LE(record, record);
  }
  expect(survives(bytes)).toBe(false);
  const file = openTable(path);
  const unknown = Array.from({ length: 200 }, (_, i) => Buffer.from(`unknown${i}`));
  expect(() => unknown.map((key) => file.get(key))).toThrow(/leads back to itself/);
  file.close();
});
