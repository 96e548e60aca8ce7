import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { LockedError, StateError } from './error.ts';

/**
 * The right to publish, held by one run at a time: SQLite's exclusive lock on a file of its own, which the kernel drops
 * with the process, however that ends.
 */
export class RunLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** @throws LockedError at once when another run holds it; StateError when the lock file can't be opened */
  static acquire(stateDir: string): RunLock {
    const path = join(stateDir, 'lock.sqlite');
    let database: Database.Database | undefined;
    try {
      database = new Database(path, { timeout: 0 });
      // SQLite takes a file that it may only read for a database that is only read, and locks it for nobody.
      accessSync(path, constants.W_OK);
      database.exec('BEGIN EXCLUSIVE');
      return new RunLock(database);
    } catch (error) {
      database?.close();
      if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY'))
        throw new LockedError(path);
      const reason = error instanceof Error ? error.message : String(error);
      throw new StateError(
        `${path}: ${reason}; the state folder must exist and be writable for the user that runs mailhub-tables`,
        { cause: error },
      );
    }
  }

  release(): void {
    this.#database.close();
  }
}
