import { mkdirSync } from 'node:fs';
import type { Config, TableConfig } from '../../config/config.ts';
import { RunLock } from '../../state/lock.ts';
import { type Override, Overrides } from '../../state/overrides.ts';
import { State } from '../../state/state.ts';
import { lowerCaseAscii, printable } from '../columns/bytes.ts';
import { valueIn } from '../columns/entry-of.ts';
import { unrepresentable } from '../dat/unrepresentable.ts';
import { afterPublishing } from '../publish/after-publishing.ts';
import { deadCanaries } from '../publish/canaries.ts';
import type { DerivedReport } from '../publish/derived.ts';
import { tableFiles } from '../publish/files.ts';
import { chooseFormats } from '../publish/formats.ts';
import { sweep } from '../publish/stage.ts';
import { surveyTable } from '../publish/survey.ts';
import type { TableReport } from '../report.ts';
import { reportOf } from '../report-table.ts';
import { selectTables } from '../select.ts';
import { planByHand, publishByHand, undoing } from './by-hand.ts';
import { OverrideError } from './override-error.ts';
import type { Change } from './overrides.ts';

export interface NewOverride {
  readonly table: string;
  readonly key: string;
  /** Undefined to keep the address out. */
  readonly value: string | undefined;
  readonly who: string;
  readonly why: string;
  readonly expires: Date | undefined;
}

export interface OverrideReport {
  readonly table: TableReport;
  readonly override: Override;
  /** A table before it that has the address: Exim takes that. */
  readonly shadowedBy: string | undefined;
  /** The tables that are made of others. */
  readonly derived: readonly DerivedReport[];
  readonly stateTrouble: string | undefined;
}

/**
 * Routes an address by hand, or keeps it out: at once, by the way that every publication takes, and in every later run.
 *
 * @throws OverrideError, UnknownTableError, LockedError, StateError; EximError
 */
export async function addOverride(config: Config, wanted: NewOverride): Promise<OverrideReport> {
  const table = tableOf(config, wanted.table);
  const bytes = Buffer.from(wanted.key);
  lowerCaseAscii(bytes, 0, bytes.length);
  const value = Buffer.from(wanted.value ?? '');
  const fault = unrepresentable(bytes, 0, bytes.length, value, 0, value.length);
  if (fault !== undefined) throw new OverrideError(`${printable(bytes)}: ${fault}`);
  if (wanted.expires !== undefined && wanted.expires <= new Date()) {
    throw new OverrideError('it would have expired already');
  }
  const key = bytes.toString();
  return underLock(config, wanted.value === undefined ? 'suppress' : 'override', wanted, async (run) => {
    const overrides = new Overrides(config.stateDir);
    const before = overrides.list();
    const change = { key: bytes, value: wanted.value === undefined ? undefined : value };
    const { who, why, expires } = wanted;
    return run.publish(table, [change], (replaced) => {
      const old = before.find((each) => each.table === table.name && each.key === key);
      const override: Override = {
        table: table.name,
        key,
        value: wanted.value,
        replaced: old === undefined ? replaced : old.replaced,
        since: new Date(),
        who,
        why,
        expires,
      };
      // Written first: a run that is killed in between must not leave an address that the next hour takes back.
      overrides.write([...before.filter((each) => each !== old), override]);
      return { override, undo: () => overrides.write(before) };
    });
  });
}

/**
 * Takes an override back: what it replaced is published at once, and the next run takes what the sources say.
 *
 * @throws OverrideError when there is none; UnknownTableError, LockedError, StateError, EximError
 */
export async function removeOverride(
  config: Config,
  wanted: Pick<NewOverride, 'table' | 'key' | 'who' | 'why'>,
): Promise<OverrideReport> {
  const table = tableOf(config, wanted.table);
  const bytes = Buffer.from(wanted.key);
  lowerCaseAscii(bytes, 0, bytes.length);
  return underLock(config, 'override remove', wanted, async (run) => {
    const overrides = new Overrides(config.stateDir);
    const before = overrides.list();
    const override = before.find((each) => each.table === table.name && each.key === bytes.toString());
    if (override === undefined) {
      throw new OverrideError(`there is no override of ${printable(bytes)} in ${table.name}`);
    }
    return run.publish(table, [undoing(override)], () => {
      overrides.write(before.filter((each) => each !== override));
      return { override, undo: () => overrides.write(before) };
    });
  });
}

interface Run {
  readonly publish: (
    table: TableConfig,
    changes: readonly Change[],
    decide: (replaced: string | undefined) => { readonly override: Override; readonly undo: () => void },
  ) => Promise<OverrideReport>;
}

async function underLock<T>(
  config: Config,
  command: string,
  { who, why }: Pick<NewOverride, 'who' | 'why'>,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  mkdirSync(config.stateDir, { recursive: true, mode: 0o750 });
  const lock = RunLock.acquire(config.stateDir, config.tablesDir);
  let state: State | undefined;
  try {
    const opened = State.open(config.stateDir);
    state = opened;
    await sweep(config.tablesDir);
    const journal = opened.begin({ command, who, reason: why, startedAt: Date.now() });
    return await work({
      publish: async (table, changes, decide) => {
        const { plan, replaced } = await planByHand(config, opened, table, changes);
        const { override, undo } = decide(replaced);
        const deadBefore = await deadCanaries(config);
        await publishByHand(config, opened, journal, [plan]);
        const derived = await afterPublishing(config, opened, [plan], deadBefore);
        if (plan.outcome === 'failed') undo();
        const shadowedBy = shadowing(config, table, await surveysBefore(config, opened, table), changes);
        return { table: reportOf(plan, true), override, shadowedBy, derived, stateTrouble: opened.trouble };
      },
    });
  } finally {
    state?.close();
    lock.release();
  }
}

async function surveysBefore(config: Config, state: State, table: TableConfig) {
  const formats = await chooseFormats(config);
  return config.tables.slice(0, config.tables.indexOf(table)).map((earlier) => {
    const { name } = earlier;
    const files = tableFiles(config.tablesDir, name, formats.of(earlier));
    return { name, survey: surveyTable(files, name, state) };
  });
}

function shadowing(
  config: Config,
  table: TableConfig,
  earlier: Awaited<ReturnType<typeof surveysBefore>>,
  [{ key, value }]: readonly Change[],
): string | undefined {
  if (value === undefined || table.name === config.crossChecks.localDomains) return undefined;
  return earlier.find(({ survey: { shown } }) => {
    const entries = shown();
    return entries !== undefined && valueIn(entries, key) !== undefined;
  })?.name;
}

function tableOf(config: Config, name: string): TableConfig {
  selectTables(config, [name]);
  const table = config.tables.find((each) => each.name === name);
  if (table === undefined) throw new OverrideError(`there is no table ${name}`);
  if (table.sources.length === 0) {
    throw new OverrideError(`${name} is kept by hand: edit its .dat, and the next run publishes it`);
  }
  return table;
}
