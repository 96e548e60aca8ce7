import Database from 'better-sqlite3';

/** The version of the schema that this program reads and writes. */
const SCHEMA_VERSION = 3;

/** Written by a later version of this program, or by none. */
export class UnreadableStateError extends Error {
  constructor(version: unknown) {
    super(`the state has the schema ${version}, and this program knows ${SCHEMA_VERSION}`);
  }
}

/** What leads from each version to the next, from 0, an empty file. */
const migrations: readonly ((database: Database.Database) => void)[] = [
  publishedTables,
  runsAndChanges,
  sumsOfTexts,
];

/** Brings a database up to the schema of this program, in one transaction. @throws UnreadableStateError, SqliteError */
export function migrate(database: Database.Database): void {
  const version = database.pragma('user_version', { simple: true });
  if (version === SCHEMA_VERSION) return;
  if (typeof version !== 'number' || version < 0 || version > SCHEMA_VERSION)
    throw new UnreadableStateError(version);
  const upgrade = database.transaction(() => {
    for (const step of migrations.slice(version)) step(database);
    database.pragma(`user_version = ${SCHEMA_VERSION}`);
  });
  upgrade.immediate();
}

/** Looks into every table, so that a file that was emptied or mixed up shows at once. @throws SqliteError, UnreadableStateError */
export function touch(database: Database.Database): void {
  const version = database.pragma('user_version', { simple: true });
  if (version !== SCHEMA_VERSION) throw new UnreadableStateError(version);
  for (const table of ['published', 'intended', 'names', 'runs', 'outcomes', 'changes', 'origins', 'holds'])
    database.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
}

/** Whether the file itself is at fault: it is of no use to this program, and a new one is. */
export function isDamage(error: unknown): boolean {
  if (error instanceof UnreadableStateError) return true;
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(error.code);
}

function publishedTables(database: Database.Database): void {
  database.exec(`
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
  `);
}

/**
 * The history. Times are milliseconds of Unix time; `tbl` and `directory` are numbers in `names`. A change is found by its
 * run, which also is how it is forgotten, and by its key.
 */
function runsAndChanges(database: Database.Database): void {
  database.exec(`
    CREATE TABLE names (
      id   INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE runs (
      id         INTEGER PRIMARY KEY,
      started_at INTEGER NOT NULL,
      ended_at   INTEGER,
      command    TEXT NOT NULL,
      who        TEXT NOT NULL,
      reason     TEXT,
      result     TEXT,
      load       TEXT
    ) STRICT;
    CREATE TABLE outcomes (
      run     INTEGER NOT NULL,
      tbl     INTEGER NOT NULL,
      outcome TEXT NOT NULL,
      before  INTEGER,
      after   INTEGER,
      added   INTEGER NOT NULL,
      removed INTEGER NOT NULL,
      changed INTEGER NOT NULL,
      message TEXT,
      PRIMARY KEY (run, tbl)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE origins (
      id        INTEGER PRIMARY KEY,
      run       INTEGER NOT NULL,
      directory INTEGER NOT NULL,
      guid      BLOB,
      dn        TEXT NOT NULL
    ) STRICT;
    CREATE INDEX origins_by_run ON origins (run);
    CREATE TABLE changes (
      run       INTEGER NOT NULL,
      tbl       INTEGER NOT NULL,
      key       BLOB NOT NULL,
      kind      INTEGER NOT NULL, -- 0 added, 1 removed, 2 changed
      old_value BLOB,
      new_value BLOB,
      origin    INTEGER,
      PRIMARY KEY (run, tbl, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX changes_by_key ON changes (key);
    CREATE TABLE holds (
      tbl          INTEGER PRIMARY KEY,
      findings_key TEXT NOT NULL,
      since        INTEGER NOT NULL,
      first_seen   INTEGER NOT NULL,
      last_seen    INTEGER NOT NULL,
      digest       TEXT NOT NULL,
      candidate    TEXT NOT NULL,
      published    TEXT NOT NULL,
      findings     TEXT NOT NULL
    ) STRICT;
  `);
}

/** The checksum of a published `.dat`, in hexadecimal. */
function sumsOfTexts(database: Database.Database): void {
  database.exec('ALTER TABLE published ADD COLUMN dat_sum TEXT');
}
