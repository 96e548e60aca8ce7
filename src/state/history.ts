import { join } from 'node:path';
import Database from 'better-sqlite3';
import { CHANGE_KINDS, type ChangeKind, type TableOutcome } from './run-record.ts';
import { unpackGuid } from './run-rows.ts';

/** A run, as the history has it. */
export interface Run {
  readonly id: number;
  readonly startedAt: Date;
  /** Undefined for one that was killed, or is at work. */
  readonly endedAt: Date | undefined;
  /** `build`, `approve`, `rollback`, … */
  readonly command: string;
  readonly who: string;
  readonly reason: string | undefined;
  /** How it ended, in a word. */
  readonly result: string | undefined;
}

export interface RunRecord {
  readonly run: Run;
  readonly tables: readonly TableOutcome[];
}

/** What a run published of one key. */
export interface KeyChange {
  readonly run: Run;
  readonly table: string;
  readonly kind: ChangeKind;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
  /** The object of the directory behind it, where that is known. */
  readonly origin: { readonly directory: string; readonly guid: string; readonly dn: string } | undefined;
}

/** The history, for those who only read it: without the lock, and whatever state it is in. */
export class History {
  readonly #database: Database.Database | undefined;
  /** Why there is nothing to read; undefined when there is. */
  readonly trouble: string | undefined;

  private constructor(database: Database.Database | undefined, trouble: string | undefined) {
    this.#database = database;
    this.trouble = trouble;
  }

  /** Never fails: a history that is not there, or can't be read, is an empty one, and says why. */
  static open(stateDir: string): History {
    const path = join(stateDir, 'state.sqlite');
    let database: Database.Database | undefined;
    try {
      database = new Database(path, { readonly: true, fileMustExist: true, timeout: 10_000 });
      database.prepare('SELECT * FROM runs LIMIT 1').get();
      database.prepare('SELECT * FROM changes LIMIT 1').get();
      return new History(database, undefined);
    } catch (error) {
      database?.close();
      const reason = error instanceof Error ? error.message : String(error);
      return new History(undefined, `${path}: ${reason}`);
    }
  }

  run(id: number): Run | undefined {
    return this.#all<RunRow>('SELECT * FROM runs WHERE id = ?', id).map(runOf)[0];
  }

  /**
   * The latest runs first, with those of their tables that are asked for.
   *
   * @param table only what became of this one
   * @param all also runs and tables in which nothing changed, and which only said what the run before had said
   */
  runs(limit: number, table: string | undefined, all: boolean): RunRecord[] {
    const [wanted, parameters] = table === undefined ? ['true', []] : ['names.name = ?', [table]];
    const worth = `${wanted} AND ${all ? 'true' : `(${NEWS} OR run IN (SELECT id FROM runs WHERE command <> 'build'))`}`;
    const outcomes = `${OUTCOMES} WHERE ${worth}`;
    const rows = this.#all<RunRow>(
      `SELECT * FROM runs WHERE EXISTS (${outcomes} AND run = runs.id) ORDER BY id DESC LIMIT ?`,
      ...parameters,
      limit,
    );
    return rows.map((row) => ({
      run: runOf(row),
      tables: this.#all<OutcomeRow>(`${outcomes} AND run = ?`, ...parameters, row.id).map(outcomeOf),
    }));
  }

  /** The last run of a command. */
  lastRun(command: string): Run | undefined {
    return this.#all<RunRow>('SELECT * FROM runs WHERE command = ? ORDER BY id DESC LIMIT 1', command).map(
      runOf,
    )[0];
  }

  /**
   * What became of a table when a run last judged it, and when the first of the runs in a row began that say the same. A
   * refusal, a pin or a single address by hand judges nothing.
   */
  outcome(table: string): { readonly outcome: TableOutcome; readonly since: Date } | undefined {
    const [last] = this.#all<OutcomeRow & { run: number }>(
      `${OUTCOMES} WHERE names.name = ? AND ${JUDGED} ORDER BY run DESC LIMIT 1`,
      table,
    );
    if (last === undefined) return undefined;
    const [{ since }] = this.#all<{ since: number | null }>(
      `SELECT min(started_at) AS since FROM outcomes JOIN runs ON runs.id = run
       WHERE tbl = (SELECT id FROM names WHERE name = ?) AND run > coalesce(
         (SELECT max(run) FROM outcomes WHERE tbl = (SELECT id FROM names WHERE name = ?) AND outcome <> ? AND ${JUDGED}), 0)
         AND ${JUDGED}`,
      table,
      table,
      last.outcome,
    );
    return { outcome: outcomeOf(last), since: new Date(since ?? 0) };
  }

  /** The last run that changed what is published of a table. */
  lastChange(table: string): { readonly run: Run; readonly outcome: TableOutcome } | undefined {
    const [row] = this.#all<RunRow & OutcomeRow>(
      `SELECT runs.*, outcomes.*, names.name FROM outcomes JOIN names ON names.id = outcomes.tbl
       JOIN runs ON runs.id = outcomes.run
       WHERE names.name = ? AND outcome = 'published' ORDER BY run DESC LIMIT 1`,
      table,
    );
    return row && { run: runOf(row), outcome: outcomeOf(row) };
  }

  /** Every change of a key, in whatever table, the latest first. */
  changesOf(key: Uint8Array): KeyChange[] {
    return this.#all<RunRow & ChangeRow>(
      `SELECT runs.*, changes.kind, changes.old_value, changes.new_value, names.name AS name,
              origins.dn, origins.guid, places.name AS directory_name
       FROM changes JOIN runs ON runs.id = changes.run JOIN names ON names.id = changes.tbl
       LEFT JOIN origins ON origins.id = changes.origin LEFT JOIN names AS places ON places.id = origins.directory
       WHERE changes.key = ? ORDER BY changes.run DESC`,
      Buffer.from(key),
    ).map((row) => ({
      run: runOf(row),
      table: row.name,
      kind: CHANGE_KINDS[row.kind] ?? 'changed',
      before: row.old_value ?? undefined,
      after: row.new_value ?? undefined,
      origin:
        row.dn === null || row.directory_name === null
          ? undefined
          : { directory: row.directory_name, guid: unpackGuid(row.guid), dn: row.dn },
    }));
  }

  /** The keys that runs since a moment took from the tables, the latest first, each once. */
  removedSince(
    since: Date,
    tables: readonly string[],
  ): { readonly key: Uint8Array; readonly table: string; readonly run: Run }[] {
    const rows = this.#all<RunRow & { key: Buffer; name: string }>(
      `SELECT runs.*, changes.key, names.name FROM runs JOIN changes ON changes.run = runs.id
       JOIN names ON names.id = changes.tbl
       WHERE runs.started_at >= ? AND changes.kind = 1 AND names.name IN (${tables.map(() => '?').join(', ')})
       ORDER BY runs.id DESC`,
      since.getTime(),
      ...tables,
    );
    const seen = new Set<string>();
    return rows.flatMap((row) => {
      const text = row.key.toString('latin1');
      if (seen.has(text)) return [];
      seen.add(text);
      return [{ key: row.key, table: row.name, run: runOf(row) }];
    });
  }

  /** The first run that published a table; nothing is known of its entries before that. */
  firstPublication(table: string): Run | undefined {
    return this.#all<RunRow>(
      `SELECT runs.* FROM outcomes JOIN names ON names.id = outcomes.tbl JOIN runs ON runs.id = outcomes.run
       WHERE names.name = ? AND outcome = 'published' ORDER BY run LIMIT 1`,
      table,
    ).map(runOf)[0];
  }

  close(): void {
    this.#database?.close();
  }

  /** What a damaged page hides is not known: that is no reason to fail. */
  #all<Row>(sql: string, ...parameters: readonly (string | number | Buffer)[]): Row[] {
    try {
      return this.#database?.prepare<unknown[], Row>(sql).all(...parameters) ?? [];
    } catch (error) {
      if (error instanceof Database.SqliteError) return [];
      throw error;
    }
  }
}

const OUTCOMES = 'SELECT outcomes.*, names.name FROM outcomes JOIN names ON names.id = outcomes.tbl';

/** Not what is as it was: unchanged, or held, pinned or failed for the same reason as in the run before. */
const NEWS = `(outcome <> 'unchanged' AND (outcome = 'published' OR NOT EXISTS (
  SELECT 1 FROM (SELECT outcome, message FROM outcomes AS earlier
                 WHERE earlier.tbl = outcomes.tbl AND earlier.run < outcomes.run ORDER BY earlier.run DESC LIMIT 1) AS last
  WHERE last.outcome = outcomes.outcome AND last.message IS outcomes.message)))`;

/** By runs that settle how a table stands. */
const JUDGED = "run IN (SELECT id FROM runs WHERE command IN ('build', 'approve', 'rollback', 'canary'))";

interface RunRow {
  id: number;
  started_at: number;
  ended_at: number | null;
  command: string;
  who: string;
  reason: string | null;
  result: string | null;
}

interface OutcomeRow {
  name: string;
  outcome: string;
  before: number | null;
  after: number | null;
  added: number;
  removed: number;
  changed: number;
  message: string | null;
}

interface ChangeRow {
  name: string;
  kind: number;
  old_value: Buffer | null;
  new_value: Buffer | null;
  dn: string | null;
  guid: Buffer | null;
  directory_name: string | null;
}

function runOf(row: RunRow): Run {
  return {
    id: row.id,
    startedAt: new Date(row.started_at),
    endedAt: row.ended_at === null ? undefined : new Date(row.ended_at),
    command: row.command,
    who: row.who,
    reason: row.reason ?? undefined,
    result: row.result ?? undefined,
  };
}

function outcomeOf(row: OutcomeRow): TableOutcome {
  return {
    table: row.name,
    outcome: row.outcome,
    before: row.before ?? undefined,
    after: row.after ?? undefined,
    added: row.added,
    removed: row.removed,
    changed: row.changed,
    message: row.message ?? undefined,
  };
}
