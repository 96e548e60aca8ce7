import { resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { DbmError } from '../error.ts';
import { Input } from '../input.ts';
import type { Pairs } from '../pairs.ts';
import { PairsBuilder } from '../pairs-builder.ts';
import { printable } from '../printable.ts';
import { withoutNul } from './dialect.ts';
import { isSqlite } from './first-page.ts';
import { library } from './library.ts';
import type { TableSchema } from './schema.ts';

const HEADER_SIZE = 100;
/** Offsets in the header: the file's two versions, 2 where changes stand in a log beside it; the pages' size. */
const WRITE_VERSION = 18;
const READ_VERSION = 19;
const ROLLBACK_JOURNAL = 1;
/** Offsets in `Pairs` have 32 bits. */
const LARGEST_POOL = 2 ** 32 - 1;

/** An SQLite file that is only read. Whatever SQLite finds wrong with it comes as a DbmError. */
export class Connection {
  readonly path: string;
  readonly size: number;
  readonly #database: Database.Database;

  /** @throws DbmError when the file can't be read or isn't an SQLite file by itself */
  constructor(path: string) {
    this.path = path;
    this.size = checkHeader(path);
    this.#database = this.#guard(
      () => new (library())(resolve(path), { readonly: true, fileMustExist: true }),
    );
    try {
      this.#guard(() => {
        this.#database.pragma('trusted_schema = OFF');
        this.#database.pragma('cell_size_check = ON');
      });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The number that a pragma gives. */
  number(pragma: string): number {
    const value = this.#guard(() => this.#database.pragma(pragma, { simple: true }));
    if (typeof value !== 'number') throw new DbmError(this.path, `${pragma} is ${String(value)}`);
    return value;
  }

  /** The names of the tables, views and virtual ones left out. */
  tables(): Set<string> {
    const rows = this.#rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0");
    return new Set(Array.from(rows, ([name]) => String(name)));
  }

  /** The first column of the first row, if there is one. Parameters are bytes. */
  first(sql: string, ...parameters: Uint8Array[]): unknown {
    return this.#guard(() =>
      this.#database
        .prepare(sql)
        .pluck()
        .get(...parameters),
    );
  }

  /**
   * A table's entries, in its own order.
   *
   * @param decode gives undefined for a key that can't be
   * @param terminated whether values have a NUL behind them
   */
  pairs(
    table: TableSchema,
    decode: (stored: Uint8Array) => Uint8Array | undefined,
    terminated: boolean,
  ): Pairs {
    const builder = new PairsBuilder(this.path, Math.min(this.size, LARGEST_POOL));
    const wrong = (stored: unknown, what: string) => {
      const name = stored instanceof Uint8Array ? printable(stored) : String(stored);
      return new DbmError(this.path, `table ${table.name}: the key ${name} ${what}`);
    };
    const sql = `SELECT CAST(${table.key} AS BLOB), CAST(${table.value} AS BLOB) FROM ${table.name}`;
    for (const [storedKey, storedValue] of this.#rows(sql)) {
      const key = storedKey instanceof Uint8Array ? decode(storedKey) : undefined;
      if (key === undefined) throw wrong(storedKey, 'is none that Exim writes');
      if (!(storedValue instanceof Uint8Array)) throw wrong(storedKey, 'has no value');
      const value = terminated ? withoutNul(storedValue) : storedValue;
      if (value === undefined) throw wrong(storedKey, 'has a value without its NUL');
      if (builder.lacksRoom(key.length + value.length)) {
        throw new DbmError(
          this.path,
          'more bytes in keys and values than in the file, or than a table can hold',
        );
      }
      builder.key(key, 0, key.length);
      builder.value(value, 0, value.length);
    }
    return builder.finish();
  }

  /** @throws DbmError naming the first fault that SQLite finds in the file, with its page's offset where it tells it */
  verify(): void {
    const fault = this.#guard(() => this.#database.pragma('integrity_check(1)', { simple: true }));
    const pageSize = this.number('page_size');
    if (fault !== 'ok') {
      const page = /\bpage (\d+)/i.exec(String(fault))?.[1];
      const options = page === undefined ? {} : { offset: (Number(page) - 1) * pageSize };
      throw new DbmError(this.path, `SQLite: ${String(fault)}`, options);
    }
    const size = pageSize * this.number('page_count');
    if (this.size !== size) {
      throw new DbmError(this.path, `${this.size} bytes, of which the tables have ${size}`, { offset: size });
    }
  }

  close(): void {
    this.#database.close();
  }

  *#rows(sql: string): Generator<unknown[]> {
    const rows = this.#guard(() => this.#database.prepare(sql).raw().iterate());
    try {
      for (;;) {
        const { done, value } = this.#guard(() => rows.next());
        if (done === true) return;
        if (Array.isArray(value)) yield value;
      }
    } finally {
      rows.return?.();
    }
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (error instanceof Error && error.name === 'SqliteError') {
        throw new DbmError(this.path, `SQLite: ${error.message}`, { cause: error });
      }
      throw error;
    }
  }
}

/** Returns the file's size. */
function checkHeader(path: string): number {
  const input = new Input(path);
  try {
    const header = input.bytes(0, HEADER_SIZE);
    if (!isSqlite(header)) throw new DbmError(path, 'not an SQLite file');
    if (header.length < HEADER_SIZE) throw input.fault(header.length, 'the file ends within its header');
    for (const offset of [WRITE_VERSION, READ_VERSION]) {
      if (header[offset] !== ROLLBACK_JOURNAL) {
        throw input.fault(
          offset,
          'part of the table may stand in a log beside it: PRAGMA journal_mode = DELETE puts it right',
        );
      }
    }
    return input.size;
  } finally {
    input.close();
  }
}
