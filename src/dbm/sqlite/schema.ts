/** How a column's values are stored. */
export interface ColumnType {
  readonly text: boolean;
  /** 1 where a NUL stands behind each, 0 where not. */
  readonly nul: number;
}

export interface ColumnTypes {
  readonly key: ColumnType;
  readonly value: ColumnType;
}

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
const PLAIN: TableSchema = {
  name: 'entries',
  key: 'key',
  value: 'value',
  sql: 'CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID',
};

/** The tables of a file of ours, in the order of their pages. */
export const SCHEMA: readonly TableSchema[] = [BLOB_KEYS, TEXT_KEYS, PLAIN];

/** How the columns of the tables of `SCHEMA` are stored. */
export function columnTypes(terminated: boolean): readonly ColumnTypes[] {
  const nul = terminated ? 1 : 0;
  const blob = { text: false, nul };
  const text = { text: true, nul: 0 };
  return [
    { key: blob, value: blob },
    { key: text, value: blob },
    { key: text, value: text },
  ];
}

/** `user_version` of a file of ours, with the NULs of `dbm` and without. */
export const TERMINATED = 1;
export const NOT_TERMINATED = 2;
