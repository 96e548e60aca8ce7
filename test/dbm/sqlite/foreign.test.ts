import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTable } from '../../../src/dbm/index.ts';
import { readsWhole } from '../every-format/reads-whole.ts';
import { aliases, type Entry, scratchDirectory } from '../support.ts';
import { builtBy, exims, sqlite3, versions } from './support.ts';

const directory = scratchDirectory();
const path = join(directory, 'table');

const special: Entry[] = ['a+b', 'a=b', 'a b', "o'brien", 'zoë', Uint8Array.of(0xff), ''].map((key, i) => [
  key,
  `${i}`,
]);

describe.each(versions)('files that the exim_dbmbuild of Exim %s makes', (version) => {
  test.each([0, 1, 2, 1000, 30_000])('%i entries', (count) => {
    rmSync(path, { force: true });
    builtBy(version, path, aliases(count));
    readsWhole(path, 'sqlite', aliases(count));
  });

  test('keys of all kinds', () => {
    rmSync(path, { force: true });
    builtBy(version, path, [...special, ...aliases(10)]);
    readsWhole(path, 'sqlite', [...special, ...aliases(10)]);
  });

  test('without NULs', () => {
    rmSync(path, { force: true });
    builtBy(version, path, aliases(1000), '');
    readsWhole(path, 'sqlite', aliases(1000));
    readsWhole(path, 'sqlite', aliases(1000), false);
  });
});

test('the newer table is read where there are two', () => {
  rmSync(path, { force: true });
  builtBy('4.99', path, aliases(5));
  builtBy('4.99.1', path, aliases(10));
  readsWhole(path, 'sqlite', aliases(10));
});

describe('files that are no tables are refused by name', () => {
  test.each([
    ['CREATE TABLE other (a);', /without the table tblblob or tbl/],
    ['CREATE VIEW tbl AS SELECT 1 AS ky, 2 AS dat;', /without the table tblblob or tbl/],
    ['CREATE VIRTUAL TABLE tblblob USING fts5(ky, dat);', /without the table tblblob or tbl/],
    ['CREATE TABLE tblblob (a);', /no such column: ky/],
    ['PRAGMA journal_mode = WAL; CREATE TABLE tbl (ky TEXT PRIMARY KEY, dat BLOB);', /in a log beside it/],
  ])('%s', (sql, message) => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    sqlite3(path, sql);
    expect(() => openTable(path)).toThrow(message);
  });

  test.each([
    [`INSERT INTO tblblob VALUES (x'6100', NULL);`, /"a\\u0000" has no value/],
    [`INSERT INTO tblblob VALUES (x'6100', x'62');`, /"a\\u0000" has a value without its NUL/],
    [`INSERT INTO tblblob VALUES (x'6100', x'00'), (x'61', x'00');`, /"a" is none that Exim writes/],
    [`INSERT INTO tblblob VALUES (NULL, x'00');`, /null is none/],
  ])('%s', (sql, message) => {
    rmSync(path, { force: true });
    sqlite3(path, `${exims['4.99.1'].create}${sql}`);
    const file = openTable(path, { terminated: true });
    expect(() => file.pairs()).toThrow(message);
    expect(() => file.verify()).toThrow(message);
    file.close();
  });

  test('a header and no more', () => {
    writeFileSync(path, 'SQLite format 3\0');
    expect(() => openTable(path)).toThrow(/ends within its header/);
  });
});
