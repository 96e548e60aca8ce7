import { expect } from 'vitest';
import { formats } from '../../../src/dbm/index.ts';
import type { TestedFormat } from '../every-format/tested-format.ts';
import { type Entry, hexLines, pairsOf, run } from '../support.ts';

/** What sqlite3 answers to SQL, line by line. @throws with what it says when it fails */
export function sqlite3(path: string, sql: string): string[] {
  return run('sqlite3', ['-batch', '-bail', path], `${sql}\n`).toString().split('\n').slice(0, -1);
}

/** A table's rows as sorted lines of hex, key and value. */
export function rows(path: string, table: string): string[] {
  const [key, value] = table === 'entries' ? ['key', 'value'] : ['ky', 'dat'];
  return sqlite3(path, `SELECT lower(hex(${key})) || ' ' || lower(hex(${value})) FROM ${table};`).sort();
}

const hex = (item: Uint8Array | string) => Buffer.from(item).toString('hex');

/** Exim's xtext: what is no printable ASCII, `+` and `=` become `+` and two digits. */
export function xtext(key: Uint8Array | string): string {
  return Buffer.from(key)
    .toString('latin1')
    .replace(/[^!-~]|[+=]/g, (byte) => `+${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** The SQL by which exim_dbmbuild of each Exim stores its tables, with NULs and without (`-nozero`). */
export const exims = {
  '4.98': {
    table: 'tbl',
    create: 'CREATE TABLE tbl (ky TEXT PRIMARY KEY, dat BLOB);',
    key: (key: Uint8Array | string) => `CAST(x'${hex(key)}' AS TEXT)`,
  },
  '4.99': {
    table: 'tbl',
    create: 'CREATE TABLE tbl (ky TEXT PRIMARY KEY, dat BLOB);',
    key: (key: Uint8Array | string, nul: string) =>
      `'${xtext(Buffer.concat([Buffer.from(key), Buffer.from(nul)])).replaceAll("'", "''")}'`,
  },
  '4.99.1': {
    table: 'tblblob',
    create: 'CREATE TABLE tblblob (ky BLOB PRIMARY KEY, dat BLOB);',
    key: (key: Uint8Array | string, nul: string) => `x'${hex(key)}${hex(nul)}'`,
  },
} as const;

export type EximVersion = keyof typeof exims;

export const versions = Object.keys(exims).filter((version): version is EximVersion => version in exims);

export function builtBy(version: EximVersion, path: string, entries: readonly Entry[], nul = '\0'): void {
  const { table, create, key } = exims[version];
  const inserts = entries.map(
    ([entryKey, value]) =>
      `INSERT OR ABORT INTO ${table} (ky,dat) VALUES (${key(entryKey, nul)}, x'${hex(value)}${hex(nul)}');\n`,
  );
  sqlite3(path, `BEGIN;${create}${inserts.join('')}COMMIT;`);
}

/** The values that an Exim finds for keys, in hex and with their NULs; nothing where it finds none. */
export function lookedUpBy(
  version: EximVersion,
  path: string,
  keys: readonly (Uint8Array | string)[],
  nul = '\0',
): string[] {
  const { table, key } = exims[version];
  const queries = keys.map(
    (each) =>
      `SELECT coalesce((SELECT lower(hex(dat)) FROM ${table} WHERE ky = ${key(each, nul)}), 'none');\n`,
  );
  return sqlite3(path, queries.join(''));
}

/** Fails the test unless every Exim's own query finds every key, and not one that is not there. */
export function found(path: string, entries: readonly Entry[], nul = '\0'): void {
  const keys = entries.map(([key]) => key);
  const values = entries.map(([, value]) =>
    Buffer.concat([Buffer.from(value), Buffer.from(nul)]).toString('hex'),
  );
  for (const version of versions) {
    expect(lookedUpBy(version, path, [...keys, 'nobody@example.ac.uk'], nul)).toEqual([...values, 'none']);
  }
}

/** Fails the test unless SQLite finds the file whole, and `stored` in the table that the newest Exim reads. */
export function held(path: string, stored: readonly string[]): void {
  expect(sqlite3(path, 'PRAGMA integrity_check;')).toEqual(['ok']);
  expect(rows(path, 'tblblob')).toEqual(stored);
}

export const tested: TestedFormat = {
  format: formats.sqlite,
  reader: 'sqlite3, and each Exim’s query,',
  terminated: true,
  counts: [0, 1, 2, 3, 1000, 200_000],
  lengths: [0, 1, 500, 1000, 1001, 1002, 1003, 4000, 4096, 99_999, 3_000_000],
  finds: ({ path, entries, terminated, stored }) => {
    held(path, stored);
    expect(rows(path, 'entries')).toEqual(hexLines(pairsOf(entries)));
    // No Exim has NUL bytes within a key.
    const keys = entries.filter(([key]) => !Buffer.from(key).includes(0));
    found(path, keys.slice(-1000), terminated ? '\0' : '');
  },
};
