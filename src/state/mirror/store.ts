import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import Database from 'better-sqlite3';
import type { Cursor } from '../../ldap/types.ts';
import { createMirrorTables, MIRROR_VERSION } from './schema.ts';
import type { SectionFileIdentity } from './section-file.ts';

/** Where the mirror of a directory stands. */
export interface Head {
  /** Of the configuration that the mirror is good for. */
  readonly fingerprint: string;
  readonly streams: number;
  /** For each selection another one, never used before, whenever anything of it changes. */
  readonly versions: readonly string[];
  readonly base: BaseFile;
  readonly cursor: Cursor | undefined;
  /** Whether changes since the cursor will show deletions. */
  readonly deletionsSeen: boolean;
  /** When the last full extraction started, in milliseconds of Unix time. */
  readonly fullAt: number;
}

export interface BaseFile extends SectionFileIdentity {
  /** In the mirror's folder. */
  readonly name: string;
}

/** An object that changed since the base was written, and all that it gives now. */
export interface OverlayObject {
  readonly id: Uint8Array;
  readonly dn: Uint8Array;
  /** As `encodeContributions` has it; empty when it gives nothing. */
  readonly contributions: Uint8Array;
}

export type DepartureKind = 'deleted' | 'changed' | 'unknown';

/** A key that an object gave to a table and gives no more. */
export interface DepartureRecord {
  readonly table: string;
  readonly key: Uint8Array;
  readonly id: Uint8Array;
  readonly dn: Uint8Array;
  readonly what: DepartureKind;
}

/** The departure, and when it was seen in which directory. */
export interface SeenDeparture extends DepartureRecord {
  readonly directory: string;
  readonly seenAt: number;
}

/** What merging certain inputs into a table gave. */
export interface MergeRecord {
  readonly inputs: string;
  /** SHA-256 of the canonical text. */
  readonly digest: string;
  /** JSON. */
  readonly conflicts: string;
  readonly rejections: string;
}

export interface Commit {
  readonly head: Head;
  /** Objects that changed; those that changed before stay unless `fresh`. */
  readonly objects: readonly OverlayObject[];
  /** The base is new and holds everything. */
  readonly fresh: boolean;
  readonly departures: readonly DepartureRecord[];
  readonly now: number;
  /** How long departures are kept, in milliseconds. */
  readonly keep: number;
}

const FILE = 'mirror.sqlite';
const BASE_SUFFIX = '.base';

interface HeadRow {
  fingerprint: string;
  streams: number;
  versions: string;
  base: string;
  base_bytes: number;
  base_checksum: number;
  cursor_kind: string | null;
  cursor_scope: string | null;
  cursor_value: Buffer | null;
  deletions_seen: number;
  full_at: number;
  overlay_count: number;
  overlay_sum: number;
  checksum: number;
}

/** The mirror's files contradict themselves or can't be read: a full extraction makes new ones. */
export class DamagedMirrorError extends Error {
  override readonly name = 'DamagedMirrorError';
}

/**
 * What is known of every directory between runs, in a folder of its own below the state folder: `mirror.sqlite`, and a base file
 * for each directory. All of it can be had again by full extractions, so whatever is damaged is thrown away.
 */
export class MirrorStore {
  readonly #folder: string;
  #database: Database.Database;

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
    if (row === undefined) return undefined;
    const cursor = cursorOf(row);
    return {
      fingerprint: row.fingerprint,
      streams: row.streams,
      versions: row.versions.split(' '),
      base: { name: row.base, bytes: row.base_bytes, checksum: row.base_checksum },
      cursor,
      deletionsSeen: row.deletions_seen === 1,
      fullAt: row.full_at,
    };
  }

  /** The objects that changed since the base was written. @throws DamagedMirrorError */
  overlay(directory: string): OverlayObject[] {
    const head = this.#headRow(directory);
    if (head === undefined) return [];
    const rows = this.#read(() =>
      this.#database
        .prepare<[string], OverlayObject & { checksum: number }>(
          'SELECT id, dn, contributions, checksum FROM overlay WHERE directory = ?',
        )
        .all(directory),
    );
    let sum = 0;
    for (const row of rows) {
      if (row.checksum !== checksumOfObject(row)) throw new DamagedMirrorError('an object of it is damaged');
      sum = (sum + row.checksum) >>> 0;
    }
    if (rows.length !== head.overlay_count || sum !== head.overlay_sum)
      throw new DamagedMirrorError('objects of it are missing');
    return rows;
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
  commit(directory: string, { head, objects, fresh, departures, now, keep }: Commit): void {
    const database = this.#database;
    const work = database.transaction(() => {
      const before = fresh ? undefined : this.#headRow(directory);
      if (!fresh && before?.base !== head.base.name)
        throw new Error('what it is to be added to is not there any more');
      let count = before?.overlay_count ?? 0;
      let sum = before?.overlay_sum ?? 0;
      if (fresh) database.prepare('DELETE FROM overlay WHERE directory = ?').run(directory);
      const old = database.prepare<[string, Uint8Array], { checksum: number }>(
        'SELECT checksum FROM overlay WHERE directory = ? AND id = ?',
      );
      const put = database.prepare('INSERT OR REPLACE INTO overlay VALUES (?, ?, ?, ?, ?)');
      for (const object of objects) {
        const replaced = old.get(directory, object.id);
        const checksum = checksumOfObject(object);
        if (replaced === undefined) count++;
        sum = (sum + checksum - (replaced?.checksum ?? 0)) >>> 0;
        put.run(directory, object.id, object.dn, object.contributions, checksum);
      }
      const gone = database.prepare('INSERT OR REPLACE INTO departures VALUES (?, ?, ?, ?, ?, ?, ?)');
      for (const { table, key, id, dn, what } of departures)
        gone.run(table, key, directory, id, dn, what, now);
      database.prepare('DELETE FROM departures WHERE seen_at < ?').run(now - keep);
      this.#putHead(directory, head, count, sum);
    });
    work.immediate();
  }

  departure(table: string, key: Uint8Array): SeenDeparture | undefined {
    const row = this.#read(() =>
      this.#database
        .prepare<
          [string, Uint8Array],
          { directory: string; id: Buffer; dn: Buffer; what: string; seen_at: number }
        >('SELECT directory, id, dn, what, seen_at FROM departures WHERE tbl = ? AND key = ?')
        .get(table, key),
    );
    if (row === undefined || !isDepartureKind(row.what)) return undefined;
    const { directory, id, dn, what, seen_at: seenAt } = row;
    return { table, key, directory, id, dn, what, seenAt };
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
    this.#database = newDatabase(join(this.#folder, FILE));
  }

  /** Forgets a directory: its next extraction is a full one. Its departures stay. */
  forget(directory: string): void {
    const work = this.#database.transaction(() => {
      this.#database.prepare('DELETE FROM heads WHERE directory = ?').run(directory);
      this.#database.prepare('DELETE FROM overlay WHERE directory = ?').run(directory);
    });
    work.immediate();
  }

  /** Removes what no head needs: what a killed run left, what was folded, and directories that are not among `directories`. */
  sweep(directories: readonly string[]): void {
    const heads = this.#database
      .prepare<[], { directory: string; base: string }>('SELECT directory, base FROM heads')
      .all();
    // Damage shows itself here, before anything is built on what it spoilt.
    this.#database.prepare('SELECT sum(length(conflicts) + length(rejections)) FROM merges').get();
    for (const { directory } of heads) if (!directories.includes(directory)) this.forget(directory);
    const needed = new Set(
      heads.filter(({ directory }) => directories.includes(directory)).map(({ base }) => base),
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
    if (row !== undefined && row.checksum !== checksumOfHead(directory, row))
      throw new DamagedMirrorError('its head is damaged');
    return row;
  }

  #putHead(directory: string, head: Head, overlayCount: number, overlaySum: number): void {
    const { cursor, base } = head;
    const row = {
      fingerprint: head.fingerprint,
      streams: head.streams,
      versions: head.versions.join(' '),
      base: base.name,
      base_bytes: base.bytes,
      base_checksum: base.checksum,
      cursor_kind: cursor?.kind ?? null,
      cursor_scope: cursor?.scope ?? null,
      cursor_value: cursor === undefined ? null : Buffer.from(cursor.value),
      deletions_seen: head.deletionsSeen ? 1 : 0,
      full_at: head.fullAt,
      overlay_count: overlayCount,
      overlay_sum: overlaySum,
    };
    const checksum = checksumOfHead(directory, row);
    const marks = Array.from({ length: 15 }, () => '?').join(', ');
    this.#database
      .prepare(`INSERT OR REPLACE INTO heads VALUES (${marks})`)
      .run(directory, ...Object.values(row), checksum);
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

/** Whether the database itself is at fault, and a new one would do. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamagedMirrorError) return true;
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(error.code);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function cursorOf(row: HeadRow): Cursor | undefined {
  const { cursor_kind: kind, cursor_scope: scope, cursor_value: value } = row;
  if (kind === null || scope === null || value === null) return undefined;
  if (kind !== 'dirsync' && kind !== 'syncrepl' && kind !== 'timestamp') return undefined;
  return { kind, scope, value };
}

function isDepartureKind(text: string): text is DepartureKind {
  return text === 'deleted' || text === 'changed' || text === 'unknown';
}

function checksumOfHead(
  directory: string,
  { checksum: _, ...row }: Omit<HeadRow, 'checksum'> & { checksum?: number },
): number {
  const values = [
    row.fingerprint,
    row.streams,
    row.versions,
    row.base,
    row.base_bytes,
    row.base_checksum,
    row.cursor_kind,
    row.cursor_scope,
    row.cursor_value?.toString('base64') ?? null,
    row.deletions_seen,
    row.full_at,
    row.overlay_count,
    row.overlay_sum,
  ];
  return crc32(JSON.stringify([directory, ...values]));
}

function checksumOfObject({ id, dn, contributions }: OverlayObject): number {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(id.length, 0);
  lengths.writeUInt32LE(dn.length, 4);
  return crc32(contributions, crc32(dn, crc32(id, crc32(lengths))));
}

function checksumOfMerge({ inputs, digest, conflicts, rejections }: MergeRecord): number {
  return crc32(JSON.stringify([inputs, digest, conflicts, rejections]));
}
