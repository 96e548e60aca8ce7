/** A table of the file, with a key and a value. */
export interface TableSchema {
  readonly name: string;
  readonly key: string;
  readonly value: string;
  readonly sql: string;
}

/** Exim 4.99.1 and later: keys as they are, with the NUL that `dbm` puts behind them. */
export const BLOB_KEYS: TableSchema = {
  name: 'tblblob',
  key: 'ky',
  value: 'dat',
  sql: 'CREATE TABLE tblblob (ky BLOB PRIMARY KEY, dat BLOB) WITHOUT ROWID',
};

/** Exim 4.98 to 4.98.2: keys as text, without the NUL; Exim 4.99: in xtext, with it. */
export const TEXT_KEYS: TableSchema = {
  name: 'tbl',
  key: 'ky',
  value: 'dat',
  sql: 'CREATE TABLE tbl (ky TEXT PRIMARY KEY, dat BLOB) WITHOUT ROWID',
};

/** For Exim's `sqlite` lookup and for people: keys and values as text, without NULs. */
export const PLAIN: TableSchema = {
  name: 'entries',
  key: 'key',
  value: 'value',
  sql: 'CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID',
};

export const SCHEMA: readonly TableSchema[] = [BLOB_KEYS, TEXT_KEYS, PLAIN];

/** "mhtb": tells a file of ours. */
export const APPLICATION_ID = 0x6d687462;
/** `user_version` of a file of ours, with the NULs of `dbm` and without. */
export const TERMINATED = 1;
export const NOT_TERMINATED = 2;

export const PAGE_SIZE = 4096;

/** A file's first bytes. */
const MAGIC = new TextEncoder().encode('SQLite format 3\0');

/** Where a file names the library that wrote it, and what we put there: the oldest that knows WITHOUT ROWID, 3.8.2. */
export const LIBRARY_VERSION = { offset: 96, bytes: Uint8Array.of(0, 0x2d, 0xe6, 0x02) } as const;

/** True when a file with these first bytes is for us to open, or to refuse with a reason. */
export function isSqlite(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.every((byte, i) => head[i] === byte);
}
