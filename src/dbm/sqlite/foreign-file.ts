import { DbmError } from '../error.ts';
import type { DbmFile, OpenOptions, Statistics } from '../format.ts';
import type { Pairs } from '../pairs.ts';
import { checkSameEntries } from '../same-entries.ts';
import { Connection } from './connection.ts';
import { blobKeys, type Dialect, rawKeys, xtextKeys } from './dialect.ts';
import { APPLICATION_ID } from './first-page.ts';
import { BLOB_KEYS, TEXT_KEYS } from './schema.ts';

/** An open SQLite file that an exim_dbmbuild made, or one of ours that another program changed. */
export class ForeignFile implements DbmFile {
  readonly format = 'sqlite';
  readonly path: string;
  readonly #connection: Connection;
  readonly #dialect: Dialect;

  /** @throws DbmError when the file can't be read or holds none of the tables */
  constructor(path: string, options: OpenOptions = {}) {
    this.path = path;
    this.#connection = new Connection(path);
    try {
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

  /** Lookups go by the index, which going through the rows does not touch: SQLite's own check compares the two. */
  readBack(pairs: Pairs): void {
    this.#connection.verify();
    this.#refuseChanged();
    checkSameEntries(this.path, this.pairs(), pairs);
  }

  /** What SQLite checks, and that each row is an entry. */
  verify(): void {
    this.#connection.verify();
    this.#refuseChanged();
    this.pairs();
  }

  statistics(): Statistics {
    const connection = this.#connection;
    const { name } = this.#dialect.table;
    return {
      entries: Number(connection.first(`SELECT count(*) FROM ${name}`)),
      bytes: connection.size,
      detail: {
        'page size': connection.number('page_size'),
        pages: connection.number('page_count'),
        'free pages': connection.number('freelist_count'),
      },
    };
  }

  close(): void {
    this.#connection.close();
  }

  /** The tables of a file of ours are to hold the same; who changes one is not to be trusted with the others. */
  #refuseChanged(): void {
    if (this.#connection.number('application_id') === APPLICATION_ID) {
      throw new DbmError(this.path, 'a table of ours that another program changed');
    }
  }

  /** Newer Exims' tables come first: an older one is a remainder where both are. */
  #findDialect(terminated: boolean | undefined): Dialect {
    const tables = this.#connection.tables();
    if (tables.has(BLOB_KEYS.name))
      return blobKeys(terminated ?? this.#isTerminated(BLOB_KEYS.key, BLOB_KEYS.name));
    if (!tables.has(TEXT_KEYS.name)) {
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
    const first = this.#connection.first(`SELECT CAST(${column} AS BLOB) FROM ${table} LIMIT 1`);
    return first instanceof Uint8Array ? first.at(-1) === 0 : true;
  }
}
