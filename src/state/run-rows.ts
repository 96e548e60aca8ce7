import type Database from 'better-sqlite3';
import type { Pairs } from '../dbm/pairs.ts';
import type { ChangeKind, DirectoryLoad, PublishedChanges, RunStart, TableOutcome } from './run-record.ts';

/** A number for a name of a table or a directory, made at its first use. */
export function nameId(database: Database.Database, name: string): number {
  const known = database
    .prepare<[string], { id: number }>('SELECT id FROM names WHERE name = ?')
    .get(name)?.id;
  return known ?? Number(database.prepare('INSERT INTO names (name) VALUES (?)').run(name).lastInsertRowid);
}

export function insertRun(database: Database.Database, start: RunStart): number {
  const { startedAt, command, who, reason } = start;
  return Number(
    database
      .prepare('INSERT INTO runs (started_at, command, who, reason) VALUES (?, ?, ?, ?)')
      .run(startedAt, command, who, reason ?? null).lastInsertRowid,
  );
}

export function insertOutcome(database: Database.Database, run: number, record: TableOutcome): void {
  const { outcome, before, after, added, removed, changed, message } = record;
  const table = nameId(database, record.table);
  database
    .prepare('INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(run, table, outcome, before ?? null, after ?? null, added, removed, changed, message ?? null);
}

/** Stores every entry that differs; an object that many entries came from is stored once. */
export function insertChanges(
  database: Database.Database,
  run: number,
  table: string,
  { difference, origin }: PublishedChanges,
): void {
  const tableId = nameId(database, table);
  const insert = database.prepare('INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)');
  const insertOrigin = database.prepare('INSERT INTO origins (run, directory, guid, dn) VALUES (?, ?, ?, ?)');
  const directories = new Map<string, number>();
  const origins = new Map<string, number>();
  const originId = (kind: ChangeKind, key: Uint8Array): number | null => {
    const found = origin(kind, key);
    if (found === undefined) return null;
    const { directory, guid, dn } = found;
    const name = `${directory}\0${guid}\0${dn}`;
    let id = origins.get(name);
    if (id !== undefined) return id;
    let directoryId = directories.get(directory);
    if (directoryId === undefined) {
      directoryId = nameId(database, directory);
      directories.set(directory, directoryId);
    }
    id = Number(insertOrigin.run(run, directoryId, packGuid(guid), dn).lastInsertRowid);
    origins.set(name, id);
    return id;
  };

  const { before, after, added, removed, changedBefore, changedAfter } = difference;
  for (const i of added) {
    const key = keyAt(after, i);
    insert.run(run, tableId, key, 0, null, valueAt(after, i), originId('added', key));
  }
  for (const i of removed) {
    const key = keyAt(before, i);
    insert.run(run, tableId, key, 1, valueAt(before, i), null, originId('removed', key));
  }
  changedAfter.forEach((i, n) => {
    const key = keyAt(after, i);
    const old = valueAt(before, changedBefore[n]);
    insert.run(run, tableId, key, 2, old, valueAt(after, i), originId('changed', key));
  });
}

/** Ends a run. */
export function endRun(
  database: Database.Database,
  run: number,
  result: string,
  load: readonly DirectoryLoad[],
): void {
  database
    .prepare('UPDATE runs SET ended_at = ?, result = ?, load = ? WHERE id = ?')
    .run(Date.now(), result, load.length === 0 ? null : JSON.stringify(load), run);
}

/** Forgets the runs that began before a moment, and all that hangs on them. */
export function forgetRuns(database: Database.Database, before: number): void {
  // One by one: a run under a clock that was wrong must not take those before it along.
  const old = database
    .prepare<[number], { id: number }>('SELECT id FROM runs WHERE started_at < ?')
    .all(before);
  for (const [table, column] of [
    ['changes', 'run'],
    ['origins', 'run'],
    ['outcomes', 'run'],
    ['runs', 'id'],
  ]) {
    const remove = database.prepare(`DELETE FROM ${table} WHERE ${column} = ?`);
    for (const { id } of old) remove.run(id);
  }
}

/** The sixteen bytes of a GUID's digits, in the order in which people read them; of anything else its text. */
function packGuid(guid: string): Buffer | null {
  if (guid === '') return null;
  const digits = guid.replaceAll('-', '');
  return /^[0-9a-f]{32}$/.test(digits) ? Buffer.from(digits, 'hex') : Buffer.from(guid);
}

/** What `packGuid` was given. */
export function unpackGuid(bytes: Uint8Array | null): string {
  if (bytes === null) return '';
  const buffer = Buffer.from(bytes);
  if (buffer.length !== 16) return buffer.toString();
  return buffer.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function keyAt({ pool, keyStart, keyEnd }: Pairs, i: number): Buffer {
  return bytesOf(pool, keyStart[i], keyEnd[i]);
}

function valueAt({ pool, valueStart, valueEnd }: Pairs, i: number): Buffer {
  return bytesOf(pool, valueStart[i], valueEnd[i]);
}

/** A view; of what threads share too, which the database would not take otherwise. */
function bytesOf(pool: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(pool.buffer, pool.byteOffset + start, end - start);
}
