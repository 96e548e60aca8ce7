import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { behindDbm, DbmError, formats, openTable, type Pairs } from '../../../src/dbm/index.ts';
import { aliases, type Entry, hexLines, pairsOf, run, scratchDirectory } from '../support.ts';
import { type EximVersion, exims, lookedUpBy, rows, sqlite3 } from './support.ts';

const directory = scratchDirectory();
const versions = Object.keys(exims).filter((version): version is EximVersion => version in exims);
let files = 0;

/** Writes a table and returns its path after sqlite3 and our own reader have found the same entries in it. */
async function written(pairs: Pairs, terminated = true): Promise<string> {
  const path = join(directory, `table${files++}`);
  await formats.sqlite.write(path, pairs, { terminated });
  const nul = terminated ? '00' : '';
  const expected = hexLines(pairs);
  expect(sqlite3(path, 'PRAGMA integrity_check;')).toEqual(['ok']);
  expect(rows(path, 'entries')).toEqual(expected);
  expect(rows(path, 'tblblob')).toEqual(
    expected.map((line) => `${line.replace(' ', `${nul} `)}${nul}`).sort(),
  );
  const file = openTable(path, { terminated });
  try {
    file.verify();
    file.readBack(pairs);
    expect(hexLines(file.pairs())).toEqual(expected);
    expect(file.statistics().entries).toBe(pairs.count);
  } finally {
    file.close();
  }
  return path;
}

function get(path: string, key: string): string | undefined {
  const file = openTable(path);
  try {
    const value = file.get(Buffer.from(key));
    return value === undefined ? undefined : Buffer.from(value).toString();
  } finally {
    file.close();
  }
}

/** Every Exim's own query finds every key, and not one that is not there. */
function found(path: string, entries: readonly Entry[], nul = '\0'): void {
  const keys = entries.map(([key]) => key);
  const values = entries.map(([, value]) =>
    Buffer.concat([Buffer.from(value), Buffer.from(nul)]).toString('hex'),
  );
  for (const version of versions) {
    expect(lookedUpBy(version, path, [...keys, 'nobody@example.ac.uk'], nul)).toEqual([...values, 'none']);
  }
}

describe('sqlite3, and each Exim’s query, find what we wrote', () => {
  test.each([0, 1, 2, 3, 1000, 200_000])(
    '%i entries',
    async (count) => {
      const entries = aliases(count);
      const path = await written(pairsOf(entries));
      found(path, entries.slice(-1000));
      for (const [key, value] of entries.slice(-3)) expect(get(path, `${key}`)).toBe(value);
      expect(get(path, 'nobody@example.ac.uk')).toBeUndefined();
    },
    60_000,
  );

  test('keys with every byte, quotes, and what xtext writes differently', async () => {
    const keys = [
      ...Array.from({ length: 255 }, (_, i) => Uint8Array.of(i + 1)),
      ...[
        'a+b',
        'a=b',
        'a b',
        "o'brien",
        '"x"',
        'zoë',
        '+2b',
        '+4',
        'a\0b',
        '\xff\xfe',
        '',
        'k'.repeat(65_000),
      ],
    ];
    const entries = keys.map((key, i): Entry => [key, `${i}`]);
    const withoutNuls = entries.filter(([key]) => !Buffer.from(key).includes(0));
    found(await written(pairsOf(entries)), withoutNuls);
    found(await written(pairsOf(entries), false), entries, '');
  });

  test('values from 0 to 3,000,000 bytes', async () => {
    const sizes = [0, 1, 500, 1000, 1001, 1002, 1003, 4000, 4096, 99_999, 3_000_000];
    const path = await written(pairsOf(sizes.map((size) => [`v${size}`, 'x'.repeat(size)])));
    for (const size of sizes) expect(get(path, `v${size}`)?.length).toBe(size);
  });

  test('random tables', async () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.uint8Array({ maxLength: 3 }));
    const table = fc.uniqueArray(fc.tuple(bytes, bytes), {
      selector: ([bytes]) => Buffer.from(bytes).toString('hex'),
      maxLength: 200,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), async (entries, terminated) => {
        const path = await written(pairsOf(entries), terminated);
        const clear = entries.filter(([key]) => !key.includes(0));
        found(path, clear, terminated ? '\0' : '');
        rmSync(path);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

describe('entries that Exim 4.98 and 4.99 would look up alike', () => {
  const clashes: [string, readonly Entry[], boolean][] = [
    [
      'with NULs',
      [
        ['abc', '1'],
        ['abc+00', '2'],
      ],
      true,
    ],
    [
      'without',
      [
        ['a+b', '1'],
        ['a+2Bb', '2'],
      ],
      false,
    ],
  ];
  test.each(clashes)('%s are refused by name', async (_, entries, terminated) => {
    const path = join(directory, 'clash');
    const write = formats.sqlite.write(path, pairsOf(entries), { terminated });
    await expect(write).rejects.toThrow(/clash: the key "a.*" is what Exim 4.98 or 4.99 looks up/);
    expect(existsSync(path)).toBe(false);
    await written(pairsOf(entries), !terminated);
  });
});

describe('the same entries give the same bytes', () => {
  const entries = [...aliases(5000), ['long', 'y'.repeat(50_000)] as const, ['k+'.repeat(500), 'z'] as const];

  test('in whatever order they come', async () => {
    const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const written: Buffer[] = [];
    for (const order of [entries, sorted, sorted.toReversed()]) {
      const path = join(directory, `order${written.length}`);
      await formats.sqlite.write(path, pairsOf(order));
      written.push(readFileSync(path));
    }
    for (const bytes of written) expect(bytes.equals(written[0] ?? Buffer.alloc(0))).toBe(true);
  });

  test('which name no library’s version, and stand in one file', async () => {
    const folder = join(directory, 'alone');
    mkdirSync(folder);
    const path = join(folder, 'table');
    await formats.sqlite.write(path, pairsOf(entries));
    expect(readdirSync(folder)).toEqual(['table']);
    const header = readFileSync(path).subarray(0, 100);
    expect(header.readUInt32BE(96)).toBe(3_008_002);
    expect([24, 92].map((offset) => header.readUInt32BE(offset))).toEqual([1, 1]);
    expect(
      sqlite3(path, 'PRAGMA application_id; PRAGMA user_version; PRAGMA encoding; PRAGMA page_size;'),
    ).toEqual([`${0x6d687462}`, '1', 'UTF-8', '4096']);
    expect(readdirSync(folder)).toEqual(['table']);
  });
});

test('the format behind an Exim’s dbm lookup has no suffix', () => {
  expect(formats.sqlite.suffix).toBe('.sqlite');
  expect(behindDbm('sqlite')).toEqual({ ...formats.sqlite, suffix: '' });
  expect(behindDbm('bdb')).toEqual(formats.bdb);
});

describe('a write that fails leaves nothing behind', () => {
  test('a repeated key', async () => {
    const path = join(directory, 'repeated');
    const pairs = pairsOf([...aliases(500), ['anna.ng.35@example.ac.uk', 'another']]);
    await expect(formats.sqlite.write(path, pairs)).rejects.toThrow(/"anna\.ng\.35@example\.ac\.uk" .*twice/);
    expect(existsSync(path)).toBe(false);
  });

  test('a path that is taken, which stays as it is', async () => {
    const path = join(directory, 'taken');
    writeFileSync(path, 'precious');
    await expect(formats.sqlite.write(path, pairsOf([]))).rejects.toThrow(DbmError);
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('a directory that is not there', async () => {
    await expect(formats.sqlite.write(join(directory, 'no', 'table'), pairsOf([]))).rejects.toThrow(/ENOENT/);
  });

  test('a disk that is full', async () => {
    const path = join(directory, 'full');
    mkdirSync(path);
    run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path]);
    try {
      const table = join(path, 'table');
      await expect(formats.sqlite.write(table, pairsOf(aliases(100_000)))).rejects.toThrow(
        /full.table: .*ENOSPC/,
      );
      expect(readdirSync(path)).toEqual([]);
    } finally {
      run('umount', [path]);
    }
  });
});

describe('readBack', () => {
  const entries = aliases(2000);
  const changed: [string, readonly Entry[], RegExp][] = [
    ['an entry more in the table', [...entries, ['extra', 'x']], /"extra" is missing/],
    ['an entry less in the table', entries.slice(1), /"anna.ng.0@example.ac.uk" is not in the table/],
    ['another value', [['anna.ng.0@example.ac.uk', 'ann1'], ...entries.slice(1)], /another value/],
    ['nothing in the table', [], /is not in the table/],
  ];
  test.each(changed)('notices %s', async (_, other, message) => {
    const file = openTable(await written(pairsOf(entries)));
    expect(() => file.readBack(pairsOf(other))).toThrow(message);
    file.close();
  });

  /** SQLite's own pages, with a change in one table alone. */
  test.each(['tbl', 'entries', 'tblblob'])('and verify notice a difference in %s', async (table) => {
    const path = await written(pairsOf(entries));
    const bytes = readFileSync(path);
    const root = Number(sqlite3(path, `SELECT rootpage FROM sqlite_schema WHERE name = '${table}';`));
    const at = bytes.indexOf('ann0@exchange', 4096 * firstPage(path, table));
    expect(at).toBeLessThan(4096 * root);
    bytes.write('b', at);
    writeFileSync(path, bytes);
    expect(sqlite3(path, 'PRAGMA integrity_check;')).toEqual(['ok']);
    const file = openTable(path);
    const message = new RegExp(`table ${table}: the key "anna.ng.0@example.ac.uk.*" has another value`);
    expect(() => file.readBack(pairsOf(entries))).toThrow(message);
    expect(() => file.verify()).toThrow(table === 'tblblob' ? /has another value/ : message);
    file.close();
  });

  test('and verify refuse what another program changed, though get and pairs read it', async () => {
    const path = await written(pairsOf(entries));
    sqlite3(path, `DELETE FROM tbl WHERE ky = 'anna.ng.0@example.ac.uk';`);
    const file = openTable(path);
    expect(hexLines(file.pairs())).toEqual(hexLines(pairsOf(entries)));
    expect(file.get(Buffer.from('anna.ng.0@example.ac.uk'))).toBeDefined();
    expect(() => file.readBack(pairsOf(entries))).toThrow(/another program changed/);
    expect(() => file.verify()).toThrow(/another program changed/);
    file.close();
  });
});

/** The tables' pages follow each other, each table's root last. */
function firstPage(path: string, table: string): number {
  const roots = sqlite3(path, 'SELECT rootpage FROM sqlite_schema ORDER BY rowid;').map(Number);
  const names = sqlite3(path, 'SELECT name FROM sqlite_schema ORDER BY rowid;');
  return [1, ...roots][names.indexOf(table)] ?? 1;
}
