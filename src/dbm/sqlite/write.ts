import { resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { measure } from '../limits.ts';
import { createFile } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { sortByKey } from '../sort.ts';
import { library } from './library.ts';
import { limits } from './limits.ts';
import {
  APPLICATION_ID,
  BLOB_KEYS,
  LIBRARY_VERSION,
  NOT_TERMINATED,
  PAGE_SIZE,
  PLAIN,
  SCHEMA,
  TERMINATED,
  TEXT_KEYS,
} from './schema.ts';
import { textKeys } from './text-keys.ts';

/** `Format.write` for SQLite: one file for every Exim whose `dbm` is SQLite, and for `sqlite` lookups. */
export async function writeSqlite(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  measure(path, pairs, terminated, limits);
  const { repeated } = sortByKey(pairs);
  if (repeated >= 0) {
    const key = pairs.pool.subarray(pairs.keyStart[repeated], pairs.keyEnd[repeated]);
    throw new DbmError(path, `the key ${printable(key)} is there twice`);
  }
  const texts = textKeys(path, pairs, terminated);
  await createFile(path, async (output) => {
    const database = new (library())(resolve(path));
    try {
      fill(database, pairs, texts, terminated);
    } finally {
      database.close();
    }
    const version = output.stream(LIBRARY_VERSION.offset);
    version.put(LIBRARY_VERSION.bytes);
    version.end();
  });
}

/**
 * One transaction, without a journal on the disk: until it has ended well, the file is nobody's. Rows are inserted in the order of
 * their keys, so that pages are filled one after the other, and always alike.
 */
function fill(database: Database.Database, pairs: Pairs, texts: Pairs, terminated: boolean): void {
  for (const setting of [
    `page_size = ${PAGE_SIZE}`,
    'encoding = "UTF-8"',
    'auto_vacuum = NONE',
    'journal_mode = MEMORY',
    'synchronous = OFF',
    'locking_mode = EXCLUSIVE',
    'cache_size = -32768',
  ]) {
    database.pragma(setting);
  }
  database.exec('BEGIN');
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.pragma(`user_version = ${terminated ? TERMINATED : NOT_TERMINATED}`);
  for (const { sql } of SCHEMA) database.exec(sql);
  const nul = terminated ? 1 : 0;
  insert(database, `INSERT INTO ${BLOB_KEYS.name} VALUES (?, ?)`, pairs, nul, nul);
  insert(database, `INSERT INTO ${TEXT_KEYS.name} VALUES (CAST(? AS TEXT), ?)`, texts, 0, nul);
  insert(database, `INSERT INTO ${PLAIN.name} VALUES (CAST(? AS TEXT), CAST(? AS TEXT))`, pairs, 0, 0);
  database.exec('COMMIT');
}

function insert(
  database: Database.Database,
  sql: string,
  pairs: Pairs,
  keyNul: number,
  valueNul: number,
): void {
  const statement = database.prepare(sql);
  const keys = new Parameters(pairs.pool, keyNul);
  const values = new Parameters(pairs.pool, valueNul);
  const { order } = sortByKey(pairs);
  for (let i = 0; i < order.length; i++) {
    const entry = order[i];
    statement.run(
      keys.of(pairs.keyStart[entry], pairs.keyEnd[entry]),
      values.of(pairs.valueStart[entry], pairs.valueEnd[entry]),
    );
  }
}

/** Longer parameters are made for themselves. */
const LONGEST_SHARED = 1024;

/** Parts of the pool as parameters, one object for each length instead of one for each entry. SQLite copies what it gets. */
class Parameters {
  readonly #pool: Uint8Array;
  readonly #nul: number;
  readonly #byLength: (Buffer | undefined)[] = new Array(LONGEST_SHARED + 1).fill(undefined);

  constructor(pool: Uint8Array, nul: number) {
    this.#pool = pool;
    this.#nul = nul;
  }

  of(start: number, end: number): Buffer {
    const length = end - start + this.#nul;
    const shared = length <= LONGEST_SHARED ? this.#byLength[length] : undefined;
    const parameter = shared ?? Buffer.alloc(length);
    if (length <= LONGEST_SHARED) this.#byLength[length] = parameter;
    if (length > 64) parameter.set(this.#pool.subarray(start, end));
    else for (let from = start, to = 0; from < end; from++, to++) parameter[to] = this.#pool[from];
    return parameter;
  }
}
