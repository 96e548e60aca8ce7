import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { StateError } from './error.ts';

/** What was published for a table, as the last run that looked left it. */
export interface TableRecord {
  /** SHA-256, hex, of the published `.dat`'s bytes. */
  readonly datDigest: string;
  /** SHA-256, hex, of the table's canonical text. */
  readonly digest: string;
  readonly entries: number;
  /** Bytes of the canonical text. */
  readonly bytes: number;
  /** The stamps of the `.dat` and of the dbm files when their contents were last compared, by path. */
  readonly stamps: Readonly<Record<string, string>>;
  /** When whole files were last verified, in milliseconds of Unix time. */
  readonly verifiedAt: number;
}

const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE published (
    name        TEXT PRIMARY KEY,
    dat_digest  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    entries     INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    stamps      TEXT NOT NULL,
    verified_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE intended (
    name       TEXT PRIMARY KEY,
    dat_digest TEXT NOT NULL
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

interface PublishedRow {
  dat_digest: string;
  digest: string;
  entries: number;
  bytes: number;
  stamps: string;
  verified_at: number;
}

/** What is remembered between runs. A damaged file is moved aside and begun again: it never stops the tables. */
export class State {
  /** Where a damaged state file was moved to when this one was opened. */
  readonly movedAside: string | undefined;
  readonly #database: Database.Database;

  private constructor(database: Database.Database, movedAside: string | undefined) {
    this.#database = database;
    this.movedAside = movedAside;
  }

  /** @throws StateError when the folder can't be used */
  static open(stateDir: string): State {
    const path = join(stateDir, 'state.sqlite');
    try {
      return new State(openDatabase(path), undefined);
    } catch (error) {
      if (!isDamage(error)) throw unusable(path, error);
    }
    try {
      const aside = `${path}.damaged-${new Date().toISOString().replaceAll(':', '')}`;
      renameSync(path, aside);
      for (const suffix of ['-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
      return new State(openDatabase(path), aside);
    } catch (error) {
      throw unusable(path, error);
    }
  }

  /** Opens what is there for reading, and undefined where there is nothing that can be read. Writes nothing. */
  static peek(stateDir: string): State | undefined {
    try {
      const database = new Database(join(stateDir, 'state.sqlite'), { readonly: true, fileMustExist: true });
      return new State(checked(database), undefined);
    } catch (error) {
      if (
        error instanceof Database.SqliteError ||
        error instanceof UnreadableStateError ||
        error instanceof TypeError
      )
        return undefined;
      throw error;
    }
  }

  /** @throws StateError, as do all of these */
  published(name: string): TableRecord | undefined {
    const row = this.#use(() =>
      this.#database.prepare<[string], PublishedRow>('SELECT * FROM published WHERE name = ?').get(name),
    );
    if (row === undefined) return undefined;
    return {
      datDigest: row.dat_digest,
      digest: row.digest,
      entries: row.entries,
      bytes: row.bytes,
      stamps: stampsOf(row.stamps),
      verifiedAt: row.verified_at,
    };
  }

  /** The digest of the `.dat` that a run was about to publish and may have published before it was killed. */
  intended(name: string): string | undefined {
    return this.#use(() =>
      this.#database
        .prepare<[string], { dat_digest: string }>('SELECT dat_digest FROM intended WHERE name = ?')
        .get(name),
    )?.dat_digest;
  }

  /** Says, before the first rename, which `.dat` is about to be ours. */
  intend(name: string, datDigest: string): void {
    this.#use(() =>
      this.#database
        .prepare<[string, string]>(
          'INSERT INTO intended VALUES (?, ?) ON CONFLICT DO UPDATE SET dat_digest = excluded.dat_digest',
        )
        .run(name, datDigest),
    );
  }

  /** Records what is published now, and that nothing further is intended. */
  recordPublished(name: string, record: TableRecord): void {
    const write = this.#database.transaction(() => {
      this.#database
        .prepare('INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(
          name,
          record.datDigest,
          record.digest,
          record.entries,
          record.bytes,
          stampsText(record.stamps),
          record.verifiedAt,
        );
      this.#database.prepare('DELETE FROM intended WHERE name = ?').run(name);
    });
    this.#use(write);
  }

  close(): void {
    this.#database.close();
  }

  #use<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw unusable(this.#database.name, error);
    }
  }
}

function openDatabase(path: string): Database.Database {
  const database = new Database(path, { timeout: 10_000 });
  if (database.pragma('user_version', { simple: true }) === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT;`);
  return checked(database);
}

/** Closes a database that this version can't read, and says so. */
function checked(database: Database.Database): Database.Database {
  try {
    if (database.pragma('user_version', { simple: true }) !== SCHEMA_VERSION)
      throw new UnreadableStateError();
    for (const table of ['published', 'intended']) database.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function stampsOf(text: string): Record<string, string> {
  const stamps: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [stamp, path] = line.split('\t');
    if (stamp !== undefined && path !== undefined) stamps[path] = stamp;
  }
  return stamps;
}

function stampsText(stamps: Readonly<Record<string, string>>): string {
  return Object.entries(stamps)
    .map(([path, stamp]) => `${stamp}\t${path}`)
    .join('\n');
}

/** Written by another version of this program. */
class UnreadableStateError extends Error {}

function isDamage(error: unknown): boolean {
  if (error instanceof UnreadableStateError) return true;
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(error.code);
}

function unusable(path: string, error: unknown): StateError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StateError(
    `${path}: ${reason}; the state folder must exist and be writable for the user that runs mailhub-tables`,
    { cause: error },
  );
}
