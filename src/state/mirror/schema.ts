import type Database from 'better-sqlite3';

/** The version of the mirror's tables that this program reads and writes; any other is begun again. */
export const MIRROR_VERSION = 5;

/**
 * Times are milliseconds of Unix time. `checksum` is a CRC-32 over everything else of its row: what SQLite doesn't
 * notice must not make a wrong table.
 */
export function createMirrorTables(database: Database.Database): void {
  database.exec(`
    CREATE TABLE heads (
      directory      TEXT PRIMARY KEY,
      fingerprint    TEXT NOT NULL,    -- of the configuration that the mirror is good for
      streams        INTEGER NOT NULL,
      versions       TEXT NOT NULL,    -- for each selection, random, another whenever anything of it changes
      base           TEXT NOT NULL,    -- the file's name, its length, and the checksum in its header
      base_bytes     INTEGER NOT NULL,
      base_checksum  INTEGER NOT NULL,
      cursor_kind    TEXT,
      cursor_scope   TEXT,
      cursor_value   BLOB,
      deletions_seen INTEGER NOT NULL,
      full_at        INTEGER NOT NULL, -- when the last full extraction started
      id_form        TEXT,             -- what the ids of its objects are
      recent         TEXT,             -- likewise the file of the objects that changed since; NULL where none did
      recent_bytes   INTEGER,
      recent_checksum INTEGER,
      checksum       INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE departures (
      tbl       TEXT NOT NULL,
      key       BLOB NOT NULL,
      directory TEXT NOT NULL,
      id        BLOB NOT NULL,
      dn        BLOB NOT NULL,
      what      TEXT NOT NULL,
      seen_at   INTEGER NOT NULL,
      id_form   TEXT,
      PRIMARY KEY (tbl, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX departures_by_time ON departures (seen_at);
    CREATE TABLE merges (
      tbl        TEXT PRIMARY KEY,
      inputs     TEXT NOT NULL,        -- what the table was merged from
      digest     TEXT NOT NULL,        -- of the table's canonical text
      conflicts  TEXT NOT NULL,        -- JSON, as are the rejections
      rejections TEXT NOT NULL,
      checksum   INTEGER NOT NULL
    ) STRICT;
    PRAGMA user_version = ${MIRROR_VERSION};
  `);
}
