import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { behindDbm, formats, openTable } from '../../../src/dbm/index.ts';
import { testEveryFormat } from '../every-format/every-format.ts';
import { aliases, type Entry, hexLines, pairsOf, scratchDirectory } from '../support.ts';
import { found, sqlite3, tested } from './support.ts';

const directory = scratchDirectory();
const written = testEveryFormat(tested, directory);

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
  found(await written(entries), withoutNuls);
  found(await written(entries, false), entries, '');
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
    await written(entries, !terminated);
  });
});

test('the bytes name no library’s version, and stand in one file', async () => {
  const folder = join(directory, 'alone');
  mkdirSync(folder);
  const path = join(folder, 'table');
  await formats.sqlite.write(path, pairsOf(aliases(5000)));
  expect(readdirSync(folder)).toEqual(['table']);
  const header = readFileSync(path).subarray(0, 100);
  expect(header.readUInt32BE(96)).toBe(3_008_002);
  expect([24, 92].map((offset) => header.readUInt32BE(offset))).toEqual([1, 1]);
  expect(
    sqlite3(path, 'PRAGMA application_id; PRAGMA user_version; PRAGMA encoding; PRAGMA page_size;'),
  ).toEqual([`${0x6d687462}`, '1', 'UTF-8', '4096']);
  expect(readdirSync(folder)).toEqual(['table']);
});

test('the format behind an Exim’s dbm lookup has no suffix', () => {
  expect(formats.sqlite.suffix).toBe('.sqlite');
  expect(behindDbm('sqlite')).toEqual({ ...formats.sqlite, suffix: '' });
  expect(behindDbm('bdb')).toEqual(formats.bdb);
});

describe('readBack', () => {
  const entries = aliases(2000);

  /** SQLite's own pages, with a change in one table alone. */
  test.each(['tbl', 'entries', 'tblblob'])('and verify notice a difference in %s', async (table) => {
    const path = await written(entries);
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
    const path = await written(entries);
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
