import type Database from 'better-sqlite3';
import { nameId } from './run-rows.ts';

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

/** The hold of a table, as the last run left it. @internal */
export function readHold(database: Database.Database, table: string): HoldRecord | undefined {
  const row = database
    .prepare<[string], HoldRow>(
      'SELECT holds.* FROM holds JOIN names ON names.id = holds.tbl WHERE names.name = ?',
    )
    .get(table);
  return (
    row && {
      findingsKey: row.findings_key,
      since: row.since,
      firstSeen: row.first_seen,
      lastSeen: row.last_seen,
      digest: row.digest,
      candidate: row.candidate,
      published: row.published,
      findings: findingsOf(row.findings),
    }
  );
}

/** @param hold undefined for a table that is held no more @internal */
export function writeHold(database: Database.Database, table: string, hold: HoldRecord | undefined): void {
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

function findingsOf(text: string): HoldRecord['findings'] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) return [];
  return list.map((each: unknown) => {
    const { rule, message } = Object(each);
    return { rule: String(rule), message: String(message) };
  });
}
