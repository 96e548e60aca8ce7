import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { DbmError } from '../../dbm/error.ts';
import { DerivedMemory } from '../../state/derived-memory.ts';
import { StateError } from '../../state/error.ts';
import { History, type Run } from '../../state/history.ts';
import type { HoldRecord } from '../../state/hold-record.ts';
import { DamagedMirrorError } from '../../state/mirror/damage.ts';
import { MirrorStore } from '../../state/mirror/store.ts';
import { type Override, Overrides } from '../../state/overrides.ts';
import { type Pin, Pins } from '../../state/pins.ts';
import type { TableOutcome } from '../../state/run-record.ts';
import { State } from '../../state/state.ts';
import { stampsOf, tableFiles } from '../publish/files.ts';
import { chooseFormats } from '../publish/formats.ts';

/** How one table stands. */
export interface TableStatus {
  readonly name: string;
  /** Entries that Exim finds; undefined where nothing is published, or it can't be read. */
  readonly entries: number | undefined;
  /** When the file that Exim reads was written. */
  readonly written: Date | undefined;
  /** The last run that changed it, and what that did. */
  readonly lastChange: { readonly run: Run; readonly outcome: TableOutcome } | undefined;
  /** What became of it in the last run that looked at it, and since when that is so. */
  readonly outcome: TableOutcome | undefined;
  readonly since: Date | undefined;
  readonly hold: HoldRecord | undefined;
  readonly pin: Pin | undefined;
  /** What is wrong with its files. */
  readonly trouble: string | undefined;
}

/** How one directory stands. */
export interface DirectoryStatus {
  readonly name: string;
  /** When everything was asked for last; undefined where nothing is remembered of it. */
  readonly lastFull: Date | undefined;
}

export interface DerivedStatus {
  readonly name: string;
  readonly entries: number | undefined;
  readonly written: Date | undefined;
}

export interface StatusReport {
  readonly tables: readonly TableStatus[];
  readonly directories: readonly DirectoryStatus[];
  /** The tables that are made of others. */
  readonly derived: readonly DerivedStatus[];
  readonly overrides: readonly Override[];
  /** The last run of `build`. */
  readonly lastRun: Run | undefined;
  /** Why nothing is known of the overrides. */
  readonly overridesTrouble: string | undefined;
  /** Why nothing is known of the past. */
  readonly stateTrouble: string | undefined;
}

/** How everything stands: without the lock, without asking a directory, and whatever state the state is in. */
export async function status(config: Config): Promise<StatusReport> {
  const formats = await chooseFormats(config);
  const history = History.open(config.stateDir);
  const state = State.peek(config.stateDir);
  const pins = new Pins(config.stateDir);
  try {
    const tables = config.tables.map((table): TableStatus => {
      const { name } = table;
      const files = tableFiles(config.tablesDir, name, formats.of(table));
      const record = state?.published(name);
      const [dbm] = files.dbm;
      const stamps = stampsOf(files);
      const known =
        record !== undefined && files.dbm.every(({ path }) => stamps[path] === record.stamps[path]);
      const { entries, trouble } = known ? { entries: record.entries, trouble: undefined } : counted(dbm);
      const last = history.outcome(name);
      return {
        name,
        entries,
        written: statSync(dbm.path, { throwIfNoEntry: false })?.mtime,
        lastChange: history.lastChange(name),
        outcome: last?.outcome,
        since: last?.since,
        hold: state?.hold(name),
        pin: pins.get(name),
        trouble,
      };
    });
    return {
      tables,
      directories: directoriesOf(config),
      derived: config.derived.map(({ name }) => ({
        name,
        entries: new DerivedMemory(config.stateDir).get(name)?.entries,
        written: statSync(join(config.tablesDir, `${name}.dat`), { throwIfNoEntry: false })?.mtime,
      })),
      ...overridesOf(config.stateDir),
      lastRun: history.lastRun('build'),
      stateTrouble: history.trouble,
    };
  } finally {
    state?.close();
    history.close();
  }
}

function counted({ path, format }: ReturnType<typeof tableFiles>['dbm'][number]): {
  entries: number | undefined;
  trouble: string | undefined;
} {
  try {
    const file = format.open(path);
    try {
      return { entries: file.statistics().entries, trouble: undefined };
    } finally {
      file.close();
    }
  } catch (error) {
    if (!(error instanceof DbmError)) throw error;
    return { entries: undefined, trouble: error.message };
  }
}

function overridesOf(stateDir: string): Pick<StatusReport, 'overrides' | 'overridesTrouble'> {
  try {
    return { overrides: new Overrides(stateDir).list(), overridesTrouble: undefined };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { overrides: [], overridesTrouble: error.message };
  }
}

function directoriesOf({ stateDir, directories }: Config): DirectoryStatus[] {
  const store = MirrorStore.peek(stateDir);
  try {
    return directories.map(({ name }) => ({ name, lastFull: lastFull(store, name) }));
  } finally {
    store?.close();
  }
}

function lastFull(store: MirrorStore | undefined, directory: string): Date | undefined {
  try {
    const fullAt = store?.head(directory)?.fullAt;
    return fullAt === undefined ? undefined : new Date(fullAt);
  } catch (error) {
    // What is damaged is thrown away by the next run.
    if (error instanceof DamagedMirrorError) return undefined;
    throw error;
  }
}
