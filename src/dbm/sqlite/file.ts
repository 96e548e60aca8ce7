import { DbmError } from '../error.ts';
import type { DbmFile, OpenOptions, Statistics } from '../format.ts';
import type { Pairs } from '../pairs.ts';
import { checkSameEntries } from '../same-entries.ts';
import { Connection } from './connection.ts';
import { blobKeys, type Dialect, rawKeys, xtextKeys } from './dialect.ts';
import { APPLICATION_ID, BLOB_KEYS, NOT_TERMINATED, PLAIN, SCHEMA, TERMINATED, TEXT_KEYS } from './schema.ts';
import { textKeys } from './text-keys.ts';

/** An open SQLite file: one of ours, or one that an exim_dbmbuild with SQLite made. */
export class SqliteFile implements DbmFile {
  readonly format = 'sqlite';
  readonly path: string;
  readonly #connection: Connection;
  readonly #isOurs: boolean;
  readonly #dialect: Dialect;

  /** @throws DbmError when the file can't be read or holds none of the tables */
  constructor(path: string, options: OpenOptions = {}) {
    this.path = path;
    this.#connection = new Connection(path);
    try {
      this.#isOurs = this.#connection.number('application_id') === APPLICATION_ID;
      this.#dialect = this.#findDialect(options.terminated);
    } catch (error) {
      this.#connection.close();
      throw error;
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const { table, terminated, encode } = this.#dialect;
    const parameter = table === BLOB_KEYS ? '?' : 'CAST(? AS TEXT)';
    const value = this.#connection.first(
      `SELECT CAST(${table.value} AS BLOB) FROM ${table.name} WHERE ${table.key} = ${parameter}`,
      encode(key),
    );
    if (value === undefined) return undefined;
    const isGood = value instanceof Uint8Array && (!terminated || value.at(-1) === 0);
    if (!isGood) throw new DbmError(this.path, `table ${table.name}: a value that is none, or lacks its NUL`);
    return terminated ? value.subarray(0, -1) : value;
  }

  /** From the table of the latest Exim that the file is for, in its own order. */
  pairs(): Pairs {
    const { table, terminated, decode } = this.#dialect;
    return this.#connection.pairs(table, decode, terminated);
  }

  /** In a file of ours, each table must hold the entries. */
  readBack(pairs: Pairs): void {
    checkSameEntries(this.path, this.pairs(), pairs);
    if (this.#isOurs) this.#checkOtherTables(pairs);
  }

  /** What SQLite checks; and in a file of ours, that it has our tables and no others, with the same entries in each. */
  verify(): void {
    const fault = this.#connection.fault();
    if (fault !== undefined) throw this.#structuralFault(fault);
    const pageSize = this.#connection.number('page_size');
    const size = pageSize * this.#connection.number('page_count');
    if (this.#connection.size !== size) {
      throw new DbmError(this.path, `${this.#connection.size} bytes, of which the table has ${size}`, {
        offset: size,
      });
    }
    const pairs = this.pairs();
    if (!this.#isOurs) return;
    this.#checkSchema();
    this.#checkOtherTables(pairs);
  }

  statistics(): Statistics {
    const connection = this.#connection;
    const rows = (table: string) => Number(connection.first(`SELECT count(*) FROM ${table}`));
    const tables = [...connection.definitions()].filter(([, { type }]) => type === 'table');
    const known = SCHEMA.filter(({ name }) => tables.some(([table]) => table === name));
    return {
      entries: rows(this.#dialect.table.name),
      bytes: connection.size,
      detail: {
        'page size': connection.number('page_size'),
        pages: connection.number('page_count'),
        'free pages': connection.number('freelist_count'),
        ...Object.fromEntries(known.map(({ name }) => [`rows in ${name}`, rows(name)])),
      },
    };
  }

  close(): void {
    this.#connection.close();
  }

  /** Newer Exims' tables come first: an older one is a remainder where both are. */
  #findDialect(terminated: boolean | undefined): Dialect {
    const definitions = this.#connection.definitions();
    const isTable = (name: string) =>
      definitions.get(name)?.type === 'table' &&
      !/\bVIRTUAL\b/i.test(definitions.get(name)?.sql.slice(0, 30) ?? '');
    if (isTable(BLOB_KEYS.name))
      return blobKeys(terminated ?? this.#isTerminated(BLOB_KEYS.key, BLOB_KEYS.name));
    if (!isTable(TEXT_KEYS.name)) {
      throw new DbmError(
        this.path,
        `an SQLite file without the table ${BLOB_KEYS.name} or ${TEXT_KEYS.name}`,
      );
    }
    const { name, key, value } = TEXT_KEYS;
    const isXtext =
      this.#connection.first(`SELECT 1 FROM ${name} LIMIT 1`) !== undefined &&
      this.#connection.first(`SELECT 1 FROM ${name} WHERE substr(${key}, -3) <> '+00' LIMIT 1`) === undefined;
    return isXtext && terminated !== false
      ? xtextKeys(true)
      : rawKeys(terminated ?? this.#isTerminated(value, name));
  }

  /** Whether the first of a column's values ends in a NUL. */
  #isTerminated(column: string, table: string): boolean {
    if (this.#isOurs) return this.#connection.number('user_version') !== NOT_TERMINATED;
    const first = this.#connection.first(`SELECT CAST(${column} AS BLOB) FROM ${table} LIMIT 1`);
    return first instanceof Uint8Array ? first.at(-1) === 0 : true;
  }

  #checkSchema(): void {
    const version = this.#connection.number('user_version');
    if (version !== TERMINATED && version !== NOT_TERMINATED) {
      throw new DbmError(this.path, `user_version ${version}, though it claims to be ours`);
    }
    const definitions = this.#connection.definitions();
    for (const { name, sql } of SCHEMA) {
      if (definitions.get(name)?.sql !== sql) throw new DbmError(this.path, `table ${name} is not: ${sql}`);
    }
    if (definitions.size !== SCHEMA.length) throw new DbmError(this.path, 'there are other tables than ours');
  }

  #checkOtherTables(pairs: Pairs): void {
    const { terminated } = this.#dialect;
    const asIs = (stored: Uint8Array) => stored;
    const check = (name: string, stored: Pairs, expected: Pairs) => {
      checkSameEntries(`${this.path}: table ${name}`, stored, expected);
    };
    const texts = textKeys(this.path, pairs, terminated);
    check(TEXT_KEYS.name, this.#connection.pairs(TEXT_KEYS, asIs, terminated), texts);
    check(PLAIN.name, this.#connection.pairs(PLAIN, asIs, false), pairs);
  }

  /** SQLite names the page where it can. */
  #structuralFault(fault: string): DbmError {
    const page = /\bpage (\d+)/i.exec(fault)?.[1];
    const offset = page === undefined ? undefined : (Number(page) - 1) * this.#connection.number('page_size');
    return new DbmError(this.path, `SQLite: ${fault}`, offset === undefined ? {} : { offset });
  }
}
