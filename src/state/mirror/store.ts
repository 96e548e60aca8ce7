import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { DamagedMirrorError, isDamage } from './damage.ts';
import { type BaseFile, checkHead, type Head, type HeadRow, headOf, idFormOf, rowOf } from './head.ts';
import {
  checksumOfMerge,
  type DepartureRecord,
  isDepartureKind,
  type MergeRecord,
  type SeenDeparture,
} from './records.ts';
import { createMirrorTables, MIRROR_VERSION } from './schema.ts';

export interface Commit {
  readonly head: Head;
  /** The base is new and holds everything. */
  readonly fresh: boolean;
  readonly departures: readonly DepartureRecord[];
  readonly now: number;
  /** How long departures are kept, in milliseconds. */
  readonly keep: number;
}

interface DepartureRow {
  directory: string;
  id: Buffer;
  dn: Buffer;
  what: string;
  seen_at: number;
  id_form: string | null;
}

const FILE = 'mirror.sqlite';
const BASE_SUFFIX = '.base';

/**
 * What is known of every directory between runs, in a folder of its own below the state folder: `mirror.sqlite`, and a base file
 * for each directory. All of it can be had again by full extractions, so whatever is damaged is thrown away.
 */
export class MirrorStore {
  readonly #folder: string;
  #database: Database.Database;
  /** Looks many keys up, one after the other. */
  #departures: Database.Statement<[string, Uint8Array], DepartureRow> | undefined;

  private constructor(folder: string, database: Database.Database) {
    this.#folder = folder;
    this.#database = database;
  }

  /**
   * For the holder of the run's lock. A database that is damaged or of another version is replaced by an empty one.
   *
   * @throws an error of SQLite or of the operating system when the folder can't be written to
   */
  static open(stateDir: string): MirrorStore {
    const folder = folderOf(stateDir);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, FILE);
    try {
      return new MirrorStore(folder, openDatabase(path));
    } catch (error) {
      if (!isDamage(error)) throw error;
      return new MirrorStore(folder, newDatabase(path));
    }
  }

  /** Opens what is there for reading; undefined where there is nothing that can be read. Writes nothing. */
  static peek(stateDir: string): MirrorStore | undefined {
    const folder = folderOf(stateDir);
    let database: Database.Database | undefined;
    try {
      database = new Database(join(folder, FILE), { readonly: true, fileMustExist: true, timeout: 10_000 });
      if (versionOf(database) === MIRROR_VERSION) return new MirrorStore(folder, database);
    } catch (error) {
      // A folder that is not there makes better-sqlite3 throw a TypeError.
      if (!(error instanceof Database.SqliteError || error instanceof TypeError)) throw error;
    }
    database?.close();
    return undefined;
  }

  /** @throws DamagedMirrorError */
  head(directory: string): Head | undefined {
    const row = this.#headRow(directory);
    return row && headOf(row);
  }

  /** Whether a base file is there and has its length. */
  hasBase({ name, bytes }: BaseFile): boolean {
    return statSync(this.basePath(name), { throwIfNoEntry: false })?.size === bytes;
  }

  basePath(name: string): string {
    return join(this.#folder, name);
  }

  removeBase(name: string): void {
    rmSync(this.basePath(name), { force: true });
  }

  /** A name for a base that is to be written. @param unique letters and digits that no other base has */
  static baseName(unique: string): string {
    return unique + BASE_SUFFIX;
  }

  /**
   * Says, all at once, what a directory gives from now on, and where its next extraction goes on.
   *
   * @throws an error of SQLite when it can't be written; nothing is changed then
   */
  commit(directory: string, { head, fresh, departures, now, keep }: Commit): void {
    const database = this.#database;
    const work = database.transaction(() => {
      const before = fresh ? undefined : this.#headRow(directory);
      if (!fresh && before?.base !== head.base.name)
        throw new Error('what it is to be added to is not there any more');
      const gone = database.prepare('INSERT OR REPLACE INTO departures VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
      for (const { table, key, id, dn, what } of departures)
        gone.run(table, key, directory, id, dn, what, now, head.idForm ?? null);
      database.prepare('DELETE FROM departures WHERE seen_at < ?').run(now - keep);
      const row = Object.values(rowOf(directory, head));
      const marks = row.map(() => '?').join(', ');
      database.prepare(`INSERT OR REPLACE INTO heads VALUES (?, ${marks})`).run(directory, ...row);
    });
    work.immediate();
  }

  departure(table: string, key: Uint8Array): SeenDeparture | undefined {
    const row = this.#read(() => {
      this.#departures ??= this.#database.prepare(
        'SELECT directory, id, dn, what, seen_at, id_form FROM departures WHERE tbl = ? AND key = ?',
      );
      return this.#departures.get(table, key);
    });
    if (row === undefined || !isDepartureKind(row.what)) return undefined;
    const { directory, id, dn, what, seen_at: seenAt } = row;
    return { table, key, directory, id, idForm: idFormOf(row.id_form), dn, what, seenAt };
  }

  /** What a table was merged from last. */
  merge(table: string): MergeRecord | undefined {
    const row = this.#read(() =>
      this.#database
        .prepare<[string], MergeRecord & { checksum: number }>(
          'SELECT inputs, digest, conflicts, rejections, checksum FROM merges WHERE tbl = ?',
        )
        .get(table),
    );
    return row === undefined || row.checksum !== checksumOfMerge(row) ? undefined : row;
  }

  recordMerges(records: ReadonlyMap<string, MergeRecord>): void {
    const put = this.#database.prepare('INSERT OR REPLACE INTO merges VALUES (?, ?, ?, ?, ?, ?)');
    const work = this.#database.transaction(() => {
      for (const [table, record] of records) {
        const { inputs, digest, conflicts, rejections } = record;
        put.run(table, inputs, digest, conflicts, rejections, checksumOfMerge(record));
      }
    });
    work.immediate();
  }

  /** Begins again with nothing known, for what can't be read any more. */
  reset(): void {
    this.#database.close();
    this.#departures = undefined;
    this.#database = newDatabase(join(this.#folder, FILE));
  }

  /** Forgets a directory: its next extraction is a full one. Its departures stay. */
  forget(directory: string): void {
    this.#database.prepare('DELETE FROM heads WHERE directory = ?').run(directory);
  }

  /** Removes what no head needs: what a killed run left, what was folded, and directories that are not among `directories`. */
  sweep(directories: readonly string[]): void {
    const heads = this.#database
      .prepare<[], { directory: string; base: string; recent: string | null }>(
        'SELECT directory, base, recent FROM heads',
      )
      .all();
    // Damage shows itself here, before anything is built on what it spoilt.
    this.#database.prepare('SELECT sum(length(conflicts) + length(rejections)) FROM merges').get();
    for (const { directory } of heads) if (!directories.includes(directory)) this.forget(directory);
    const needed = new Set(
      heads
        .filter(({ directory }) => directories.includes(directory))
        .flatMap(({ base, recent }) => [base, recent]),
    );
    for (const name of readdirSync(this.#folder)) {
      if (name.endsWith(BASE_SUFFIX) && !needed.has(name)) rmSync(join(this.#folder, name), { force: true });
    }
  }

  close(): void {
    this.#database.close();
  }

  #headRow(directory: string): HeadRow | undefined {
    const row = this.#read(() =>
      this.#database.prepare<[string], HeadRow>('SELECT * FROM heads WHERE directory = ?').get(directory),
    );
    if (row !== undefined) checkHead(directory, row);
    return row;
  }

  #read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isDamage(error)) throw new DamagedMirrorError(reasonOf(error), { cause: error });
      throw error;
    }
  }
}

function folderOf(stateDir: string): string {
  return join(stateDir, 'mirror');
}

function openDatabase(path: string): Database.Database {
  const database = new Database(path, { timeout: 10_000 });
  try {
    if (versionOf(database) === 0) database.transaction(() => createMirrorTables(database)).immediate();
    if (versionOf(database) !== MIRROR_VERSION) throw new DamagedMirrorError('of another version');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function newDatabase(path: string): Database.Database {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
  return openDatabase(path);
}

function versionOf(database: Database.Database): unknown {
  return database.pragma('user_version', { simple: true });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
