import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type HoldRecord, readHold } from './hold-record.ts';
import { RunJournal } from './run-journal.ts';
import type { RunStart } from './run-record.ts';
import { isDamage, migrate, touch, UnreadableStateError } from './schema.ts';
import {
  readIntended,
  readPublished,
  recordsOf,
  type TableRecord,
  writeIntended,
  writePublished,
} from './table-record.ts';

/**
 * What is remembered between runs. It never stops the tables: a file that is damaged or of another version is moved aside
 * and begun again, and while none can be written, what a run needs is kept in memory until it ends.
 */
export class State {
  #database: Database.Database;
  /** Grows whenever another database takes the place of the first: numbers of runs and names are good in one only. */
  #generation = 0;
  #movedAside: string | undefined;
  #trouble: string | undefined;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Opens, creates, brings up to date: whatever is the matter with the file, what comes back can be used. */
  static open(stateDir: string): State {
    const path = join(stateDir, 'state.sqlite');
    try {
      return new State(openFile(path));
    } catch (error) {
      const state = new State(inMemory());
      state.#replace(path, error);
      return state;
    }
  }

  /** Opens what is there for reading, and undefined where there is nothing that can be read. Writes nothing. */
  static peek(stateDir: string): State | undefined {
    let database: Database.Database | undefined;
    try {
      database = new Database(join(stateDir, 'state.sqlite'), { readonly: true, fileMustExist: true });
      touch(database);
      return new State(database);
    } catch (error) {
      database?.close();
      if (
        error instanceof Database.SqliteError ||
        error instanceof UnreadableStateError ||
        error instanceof TypeError
      )
        return undefined;
      throw error;
    }
  }

  /** Where a damaged state file was moved to. */
  get movedAside(): string | undefined {
    return this.#movedAside;
  }

  /** Why nothing of this run is remembered: the file that can't be written, and the reason. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  published(name: string): TableRecord | undefined {
    return this.#read((database) => readPublished(database, name));
  }

  /** The digest of the `.dat` that a run was about to publish and may have published before it was killed. */
  intended(name: string): string | undefined {
    return this.#read((database) => readIntended(database, name));
  }

  /** Says, before the first rename, which `.dat`s are about to be ours. @param digests by the names of their tables */
  intend(digests: ReadonlyMap<string, string>): void {
    if (digests.size === 0) return;
    this.#write((database) => {
      for (const [name, digest] of digests) writeIntended(database, name, digest);
    });
  }

  /** The hold of a table, as the last run left it. */
  hold(name: string): HoldRecord | undefined {
    return this.#read((database) => readHold(database, name));
  }

  /** Begins the record of a run. Nothing is written before there is something to say. */
  begin(start: RunStart): RunJournal {
    return new RunJournal(start, {
      write: (work) => this.#write(work),
      generation: () => this.#generation,
    });
  }

  close(): void {
    this.#database.close();
  }

  #read<T>(work: (database: Database.Database) => T): T {
    try {
      return work(this.#database);
    } catch (error) {
      this.#replace(this.#database.name, error);
      return work(this.#database);
    }
  }

  #write(work: (database: Database.Database) => void): void {
    try {
      this.#database.transaction(() => work(this.#database)).immediate();
    } catch (error) {
      this.#replace(this.#database.name, error);
      this.#database.transaction(() => work(this.#database)).immediate();
    }
  }

  /** Puts a database into place that works: a new file for a damaged one, else one in memory. */
  #replace(path: string, error: unknown): void {
    const unusable = error instanceof Database.SqliteError || error instanceof UnreadableStateError;
    // A folder that is not there makes better-sqlite3 throw a TypeError.
    if (!unusable && !(error instanceof TypeError)) throw error;
    if (this.#trouble !== undefined) throw error;
    const old = this.#database;
    this.#generation++;
    if (old.readonly) {
      old.close();
      this.#trouble = reasonOf(path, error);
      this.#database = inMemory();
      return;
    }
    if (isDamage(error)) {
      try {
        old.close();
        this.#movedAside = moveAside(path);
        this.#database = openFile(path);
      } catch (later) {
        this.#trouble = reasonOf(path, later);
        this.#database = inMemory();
      }
      return;
    }
    const known = recordsOf(path);
    old.close();
    this.#trouble = reasonOf(path, error);
    this.#database = inMemory();
    for (const [name, record] of known.published) writePublished(this.#database, name, record);
    for (const [name, digest] of known.intended) writeIntended(this.#database, name, digest);
  }
}

function openFile(path: string): Database.Database {
  const database = new Database(path, { timeout: 10_000 });
  try {
    migrate(database);
    touch(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** @returns where a damaged file is now */
function moveAside(path: string): string {
  const aside = `${path}.damaged-${new Date().toISOString().replaceAll(':', '')}`;
  renameSync(path, aside);
  for (const suffix of ['-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
  return aside;
}

function inMemory(): Database.Database {
  const database = new Database(':memory:');
  migrate(database);
  return database;
}

function reasonOf(path: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `${path}: ${reason}; the state folder must exist, have room, and be writable for the user that runs mailhub-tables`;
}
