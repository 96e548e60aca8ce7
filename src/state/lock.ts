import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { LockedError, StateError } from './error.ts';

/** In tables_dir, for the runs that can't write to the state folder. */
const SPARE_LOCK = '.mailhub-tables-lock.sqlite';
/** Milliseconds. Of two that come in the same moment each is in the other's way: with no patience at all, neither would have the lock. */
const PATIENCE = 100;

/**
 * The right to publish, held by one run at a time: SQLite's exclusive lock on a file of its own, which the kernel drops
 * with the process, however that ends.
 *
 * A run that can't write to the state folder shuts out the others all the same: it takes a shared lock on the file there,
 * where it can be read, and an exclusive one on a spare file beside the tables, which every later run takes too.
 */
export class RunLock {
  readonly #databases: readonly Database.Database[];

  private constructor(databases: readonly Database.Database[]) {
    this.#databases = databases;
  }

  /**
   * @throws LockedError soon when another run holds it; StateError when a lock file can be made neither in the state
   *   folder nor beside the tables
   */
  static acquire(stateDir: string, tablesDir: string): RunLock {
    const path = join(stateDir, 'lock.sqlite');
    const spare = join(tablesDir, SPARE_LOCK);
    const held: Database.Database[] = [];
    try {
      const first = tryExclusive(path);
      if (first instanceof Database) held.push(first);
      else {
        const shared = tryShared(path);
        if (shared !== undefined) held.push(shared);
      }
      if (first instanceof Database && !existsSync(spare)) return new RunLock(held);
      const second = tryExclusive(spare);
      if (second instanceof Database) held.push(second);
      else if (!(first instanceof Database)) throw unusable(path, first.error);
      return new RunLock(held);
    } catch (error) {
      for (const database of held) database.close();
      throw error;
    }
  }

  release(): void {
    for (const database of this.#databases) database.close();
  }
}

/** @returns why the file can't be used. @throws LockedError */
function tryExclusive(path: string): Database.Database | { readonly error: unknown } {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: PATIENCE });
    // SQLite takes a file that it may only read for a database that is only read, and locks it for nobody.
    accessSync(path, constants.W_OK);
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    if (isBusy(error)) throw new LockedError(path);
    return { error };
  }
}

/** @returns undefined where there is no file that can be read. @throws LockedError */
function tryShared(path: string): Database.Database | undefined {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: PATIENCE, readonly: true, fileMustExist: true });
    database.exec('BEGIN');
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return database;
  } catch (error) {
    database?.close();
    if (isBusy(error)) throw new LockedError(path);
    return undefined;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

function unusable(path: string, error: unknown): StateError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StateError(
    `${path}: ${reason}; the state folder must exist and be writable for the user that runs mailhub-tables`,
    { cause: error },
  );
}
