import { mkdirSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { RunLock } from '../../state/lock.ts';
import { type Pin, Pins } from '../../state/pins.ts';
import type { RunStart, TableOutcome } from '../../state/run-record.ts';
import { State } from '../../state/state.ts';
import { selectTables } from '../select.ts';

/** What became of one table. */
export interface PinReport {
  readonly table: string;
  /** The pin that it had before, if any. */
  readonly before: Pin | undefined;
}

/**
 * Freezes tables as they are published now: no run replaces them until `unpin`. A run that is at work has to end first.
 *
 * @throws UnknownTableError, LockedError, StateError
 */
export function pinTables(config: Config, tables: readonly string[], who: string, why: string): PinReport[] {
  return underLock(config, tables, { command: 'pin', who, reason: why }, (table, pins, digest) => {
    pins.set(table, { since: new Date(), who, why, by: 'pin', digest });
  });
}

/** Lets pinned tables go on with the next run. @throws UnknownTableError, LockedError, StateError */
export function unpinTables(
  config: Config,
  tables: readonly string[],
  who: string,
  why: string,
): PinReport[] {
  return underLock(config, tables, { command: 'unpin', who, reason: why }, (table, pins) => {
    pins.remove(table);
  });
}

function underLock(
  config: Config,
  tables: readonly string[],
  run: Omit<RunStart, 'startedAt'>,
  act: (table: string, pins: Pins, digest: string | undefined) => void,
): PinReport[] {
  selectTables(config, tables);
  mkdirSync(config.stateDir, { recursive: true, mode: 0o750 });
  const lock = RunLock.acquire(config.stateDir, config.tablesDir);
  let state: State | undefined;
  try {
    state = State.open(config.stateDir);
    const journal = state.begin({ ...run, startedAt: Date.now() });
    const pins = new Pins(config.stateDir);
    const reports: PinReport[] = [];
    const outcomes: TableOutcome[] = [];
    for (const table of new Set(tables)) {
      const published = state.published(table);
      const before = pins.get(table);
      act(table, pins, published?.digest);
      reports.push({ table, before });
      const { entries } = published ?? {};
      const counts = { before: entries, after: entries, added: 0, removed: 0, changed: 0 };
      outcomes.push({ table, outcome: `${run.command}ned`, ...counts, message: undefined });
    }
    journal.end({ result: 'well', load: [], outcomes, holds: new Map(), keep: config.keepHistory });
    return reports;
  } finally {
    state?.close();
    lock.release();
  }
}
