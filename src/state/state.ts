import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import {
  type DirectoryLoad,
  endRun,
  forgetRuns,
  insertChanges,
  insertOutcome,
  insertRun,
  nameId,
  type PublishedChanges,
  type RunStart,
  type TableOutcome,
} from './run-record.ts';
import { isDamage, migrate, touch, UnreadableStateError } from './schema.ts';

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

/** Why and since when a table is held. Times are milliseconds of Unix time. */
export interface HoldRecord {
  /** What would go: the same as long as the same removals and changes are in question, whatever else a candidate brings. */
  readonly findingsKey: string;
  /** When the table began to be held, and when it was first held for the sake of these entries. */
  readonly since: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** What `approve` is given: it stands for the candidate and for what it was compared with. */
  readonly digest: string;
  readonly candidate: string;
  readonly published: string;
  readonly findings: readonly { readonly rule: string; readonly message: string }[];
}

interface PublishedRow {
  name: string;
  dat_digest: string;
  digest: string;
  entries: number;
  bytes: number;
  stamps: string;
  verified_at: number;
}

interface HoldRow {
  findings_key: string;
  since: number;
  first_seen: number;
  last_seen: number;
  digest: string;
  candidate: string;
  published: string;
  findings: string;
}

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
    const row = this.#read(
      (database) =>
        database.prepare<[string], PublishedRow>('SELECT * FROM published WHERE name = ?').get(name) ?? null,
    );
    if (row === null) return undefined;
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
    return this.#read(
      (database) =>
        database
          .prepare<[string], { dat_digest: string }>('SELECT dat_digest FROM intended WHERE name = ?')
          .get(name) ?? null,
    )?.dat_digest;
  }

  /** Says, before the first rename, which `.dat` is about to be ours. */
  intend(name: string, datDigest: string): void {
    this.#write((database) => {
      database.prepare('INSERT OR REPLACE INTO intended VALUES (?, ?)').run(name, datDigest);
    });
  }

  /** Records what is published now, and that nothing further is intended. */
  recordPublished(name: string, record: TableRecord): void {
    this.#write((database) => writePublished(database, name, record));
  }

  /** The hold of a table, as the last run left it. */
  hold(name: string): HoldRecord | undefined {
    const row = this.#read(
      (database) =>
        database
          .prepare<[string], HoldRow>(
            'SELECT holds.* FROM holds JOIN names ON names.id = holds.tbl WHERE names.name = ?',
          )
          .get(name) ?? null,
    );
    if (row === null) return undefined;
    return {
      findingsKey: row.findings_key,
      since: row.since,
      firstSeen: row.first_seen,
      lastSeen: row.last_seen,
      digest: row.digest,
      candidate: row.candidate,
      published: row.published,
      findings: findingsOf(row.findings),
    };
  }

  /** Begins the record of a run. Nothing is written before there is something to say. */
  begin(start: RunStart): RunJournal {
    return new RunJournal(start, {
      write: (work) => this.#write(work),
      generation: () => this.#generation,
    });
  }

  /** Reads by any statement: for those who show the history. */
  query<Row>(sql: string, ...parameters: readonly (string | number | Uint8Array)[]): Row[] {
    return this.#read((database) => database.prepare<unknown[], Row>(sql).all(...parameters));
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
        const aside = `${path}.damaged-${new Date().toISOString().replaceAll(':', '')}`;
        renameSync(path, aside);
        for (const suffix of ['-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
        this.#movedAside = aside;
        this.#database = openFile(path);
        return;
      } catch (later) {
        this.#trouble = reasonOf(path, later);
        this.#database = inMemory();
        return;
      }
    }
    const known = recordsOf(path);
    old.close();
    this.#trouble = reasonOf(path, error);
    this.#database = inMemory();
    for (const [name, record] of known.published) writePublished(this.#database, name, record);
    for (const [name, digest] of known.intended) this.intend(name, digest);
  }
}

/** What the journal needs of the state: whichever database is in use at the moment. */
interface Store {
  readonly write: (work: (database: Database.Database) => void) => void;
  readonly generation: () => number;
}

/** The record of one run, written as it goes. */
export class RunJournal {
  readonly #start: RunStart;
  readonly #store: Store;
  #row: { readonly id: number; readonly generation: number } | undefined;

  constructor(start: RunStart, store: Store) {
    this.#start = start;
    this.#store = store;
  }

  /** Records a publication: what is published now, what became of the table, and every entry that differs. */
  published(record: TableRecord, outcome: TableOutcome, changes: PublishedChanges | undefined): void {
    this.#write((database, run) => {
      writePublished(database, outcome.table, record);
      insertOutcome(database, run, outcome);
      if (changes !== undefined) insertChanges(database, run, outcome.table, changes);
    });
  }

  /**
   * Ends the run: what became of the tables that were not published, which of them are held and which no more.
   *
   * @param keep forget runs that began longer ago, in milliseconds
   */
  end(ending: {
    readonly result: string;
    readonly load: readonly DirectoryLoad[];
    readonly outcomes: readonly TableOutcome[];
    readonly holds: ReadonlyMap<string, HoldRecord | undefined>;
    readonly keep: number;
  }): void {
    this.#write((database, run) => {
      for (const outcome of ending.outcomes) insertOutcome(database, run, outcome);
      for (const [table, hold] of ending.holds) writeHold(database, table, hold);
      endRun(database, run, ending.result, ending.load);
      forgetRuns(database, this.#start.startedAt - ending.keep);
    });
  }

  #write(work: (database: Database.Database, run: number) => void): void {
    let row = this.#row;
    this.#store.write((database) => {
      const generation = this.#store.generation();
      row = this.#row?.generation === generation ? this.#row : undefined;
      row ??= { id: insertRun(database, this.#start), generation };
      work(database, row.id);
    });
    this.#row = row;
  }
}

function writePublished(database: Database.Database, name: string, record: TableRecord): void {
  const { datDigest, digest, entries, bytes, stamps, verifiedAt } = record;
  database
    .prepare('INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?, ?, ?)')
    .run(name, datDigest, digest, entries, bytes, stampsText(stamps), verifiedAt);
  database.prepare('DELETE FROM intended WHERE name = ?').run(name);
}

function writeHold(database: Database.Database, table: string, hold: HoldRecord | undefined): void {
  const id = nameId(database, table);
  database.prepare('DELETE FROM holds WHERE tbl = ?').run(id);
  if (hold === undefined) return;
  const { findingsKey, since, firstSeen, lastSeen, digest, candidate, published, findings } = hold;
  database
    .prepare('INSERT INTO holds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      id,
      findingsKey,
      since,
      firstSeen,
      lastSeen,
      digest,
      candidate,
      published,
      JSON.stringify(findings.map(({ rule, message }) => ({ rule, message }))),
    );
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

function inMemory(): Database.Database {
  const database = new Database(':memory:');
  migrate(database);
  return database;
}

/** What a file that can't be written still tells, whatever its version. */
function recordsOf(path: string): {
  published: Map<string, TableRecord>;
  intended: Map<string, string>;
} {
  const published = new Map<string, TableRecord>();
  const intended = new Map<string, string>();
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    for (const row of database.prepare<[], PublishedRow>('SELECT * FROM published').all()) {
      const { dat_digest: datDigest, digest, entries, bytes, stamps, verified_at: verifiedAt } = row;
      published.set(row.name, { datDigest, digest, entries, bytes, stamps: stampsOf(stamps), verifiedAt });
    }
    const rows = database.prepare<[], { name: string; dat_digest: string }>('SELECT * FROM intended').all();
    for (const { name, dat_digest } of rows) intended.set(name, dat_digest);
  } catch {
    // What can't be read is not known; the files of the tables tell the rest.
  } finally {
    database?.close();
  }
  return { published, intended };
}

function findingsOf(text: string): HoldRecord['findings'] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) return [];
  return list.map((each: unknown) => {
    const { rule, message } = Object(each);
    return { rule: String(rule), message: String(message) };
  });
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

function reasonOf(path: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `${path}: ${reason}; the state folder must exist, have room, and be writable for the user that runs mailhub-tables`;
}
