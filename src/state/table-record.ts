import Database from 'better-sqlite3';

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
  /** A checksum of the `.dat`, 64 bits, found when it was written; undefined where none was taken. */
  readonly datSum: bigint | undefined;
  /** When whole files were last verified, in milliseconds of Unix time. */
  readonly verifiedAt: number;
}

interface PublishedRow {
  name: string;
  dat_digest: string;
  digest: string;
  entries: number;
  bytes: number;
  stamps: string;
  verified_at: number;
  /** In hexadecimal; not there before version 3 of the schema. */
  dat_sum?: string | null;
}

/** @returns undefined for a table of which nothing is recorded */
export function readPublished(database: Database.Database, name: string): TableRecord | undefined {
  const row = database.prepare<[string], PublishedRow>('SELECT * FROM published WHERE name = ?').get(name);
  return row && recordOf(row);
}

/** Records what is published now, and that nothing further is intended. */
export function writePublished(database: Database.Database, name: string, record: TableRecord): void {
  const { datDigest, digest, entries, bytes, stamps, verifiedAt, datSum } = record;
  database
    .prepare('INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      name,
      datDigest,
      digest,
      entries,
      bytes,
      stampsText(stamps),
      verifiedAt,
      datSum?.toString(16) ?? null,
    );
  forgetIntended(database, name);
}

/** The digest of the `.dat` that a run was about to publish and may have published before it was killed. */
export function readIntended(database: Database.Database, name: string): string | undefined {
  return database
    .prepare<[string], { dat_digest: string }>('SELECT dat_digest FROM intended WHERE name = ?')
    .get(name)?.dat_digest;
}

export function writeIntended(database: Database.Database, name: string, datDigest: string): void {
  database.prepare('INSERT OR REPLACE INTO intended VALUES (?, ?)').run(name, datDigest);
}

/** Says that a `.dat` is not to be published after all. */
export function forgetIntended(database: Database.Database, name: string): void {
  database.prepare('DELETE FROM intended WHERE name = ?').run(name);
}

/** What a file that can't be written still tells, whatever its version. */
export function recordsOf(path: string): {
  published: Map<string, TableRecord>;
  intended: Map<string, string>;
} {
  const published = new Map<string, TableRecord>();
  const intended = new Map<string, string>();
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    for (const row of database.prepare<[], PublishedRow>('SELECT * FROM published').all())
      published.set(row.name, recordOf(row));
    const rows = database.prepare<[], { name: string; dat_digest: string }>('SELECT * FROM intended').all();
    for (const { name, dat_digest } of rows) intended.set(name, dat_digest);
  } catch {
    // What can't be read is not known; the files of the tables tell the rest.
  } finally {
    database?.close();
  }
  return { published, intended };
}

function recordOf({
  dat_digest,
  digest,
  entries,
  bytes,
  stamps,
  verified_at,
  dat_sum,
}: PublishedRow): TableRecord {
  return {
    datDigest: dat_digest,
    digest,
    entries,
    bytes,
    stamps: stampsOf(stamps),
    verifiedAt: verified_at,
    datSum: dat_sum ? BigInt(`0x${dat_sum}`) : undefined,
  };
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
