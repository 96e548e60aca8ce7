import { mkdirSync } from 'node:fs';
import type { Config, TableConfig } from '../../config/config.ts';
import { printableText } from '../../config/printable.ts';
import { DbmError } from '../../dbm/error.ts';
import { StateError } from '../../state/error.ts';
import { Generations } from '../../state/generations.ts';
import { RunLock } from '../../state/lock.ts';
import { type Override, Overrides } from '../../state/overrides.ts';
import type { RunJournal } from '../../state/run-journal.ts';
import { State } from '../../state/state.ts';
import { lowerCaseAscii, printable } from '../columns/bytes.ts';
import { valueIn } from '../columns/entry-of.ts';
import { merge } from '../columns/merge.ts';
import { unrepresentable } from '../dat/unrepresentable.ts';
import { PublishError, SourceError } from '../error.ts';
import type { Plan } from '../guard/plan.ts';
import { decidedPlan } from '../guard/ready-plans.ts';
import { afterPublishing } from '../publish/after-publishing.ts';
import { deadCanaries } from '../publish/canaries.ts';
import type { DerivedReport } from '../publish/derived.ts';
import { stampOf, tableFiles } from '../publish/files.ts';
import { chooseFormats } from '../publish/formats.ts';
import { publishPlans } from '../publish/publish.ts';
import { endRun } from '../publish/run-history.ts';
import { sweep } from '../publish/stage.ts';
import { surveyTable } from '../publish/survey.ts';
import type { TableReport } from '../report.ts';
import { reportOf } from '../report-table.ts';
import { selectTables } from '../select.ts';
import { readDatFile } from '../sources/file.ts';
import { TableThreads } from '../threads/table-threads.ts';
import { type Change, changedByHand } from './overrides.ts';

/** An override that can't be made, or is not there. */
export class OverrideError extends Error {
  override readonly name = 'OverrideError';
}

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

/**
 * Takes back the overrides that have expired, each as if by `override remove`, for a run that holds the lock. Somebody
 * decided when that is: no guard is asked. Where that can't be done now, what the run publishes is without them all the same.
 *
 * @returns what went wrong with it
 * @internal
 */
export async function expireOverrides(config: Config, state: State, who: string): Promise<string[]> {
  const overrides = new Overrides(config.stateDir);
  const all = overrides.list();
  const now = new Date();
  const expired = all.filter(({ expires }) => expires !== undefined && expires <= now);
  if (expired.length === 0) return [];
  const reason = 'overrides have expired';
  const journal = state.begin({ command: 'override expire', who, reason, startedAt: Date.now() });
  const plans: Plan[] = [];
  const failed = new Set<string>();
  const troubles: string[] = [];
  for (const table of config.tables) {
    const { name } = table;
    const ours = expired.filter((each) => each.table === name);
    if (ours.length === 0 || table.sources.length === 0) continue;
    try {
      const [first] = await awaited(config, state, name, ours);
      if (first !== undefined) throw new OverrideError(first);
      plans.push((await planOf(config, state, table, ours.map(undoing))).plan);
    } catch (error) {
      const known =
        error instanceof OverrideError ||
        error instanceof PublishError ||
        error instanceof DbmError ||
        error instanceof SourceError;
      if (!known) throw error;
      failed.add(name);
      troubles.push(`${name}: overrides have expired, and can't be taken back yet: ${error.message}`);
    }
  }
  await publish(config, state, journal, plans);
  for (const { outcome, config: table } of plans) if (outcome === 'failed') failed.add(table.name);
  try {
    overrides.write(all.filter((each) => !expired.includes(each) || failed.has(each.table)));
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    troubles.push(error.message);
  }
  return troubles;
}

/**
 * Addresses that are in a table by hand only, and that another will have once what waits of that is published: until then they
 * would be in neither. @returns a message for each
 */
async function awaited(
  config: Config,
  state: State,
  table: string,
  overrides: readonly Override[],
): Promise<string[]> {
  const leaving = overrides.filter(({ replaced }) => replaced === undefined);
  if (leaving.length === 0) return [];
  const formats = await chooseFormats(config);
  return config.tables.flatMap((other) => {
    const { name } = other;
    const files = tableFiles(config.tablesDir, name, formats.of(other));
    if (name === table || other.sources.length === 0 || stampOf(files.candidate) === undefined) return [];
    const { pairs } = readDatFile(files.candidate);
    const waiting = merge([{ source: files.candidate, pairs }]).table;
    const shown = surveyTable(files, name, state).shown();
    return leaving
      .filter(({ key }) => valueIn(waiting, Buffer.from(key)) !== undefined)
      .filter(({ key }) => shown === undefined || valueIn(shown, Buffer.from(key)) === undefined)
      .map(({ key }) => `${printableText(key)} moves to ${name}, which is not published`);
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
        const { plan, replaced } = await planOf(config, opened, table, changes);
        const { override, undo } = decide(replaced);
        const deadBefore = await deadCanaries(config);
        await publish(config, opened, journal, [plan]);
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

/** What the changes make of what is published. */
async function planOf(
  config: Config,
  state: State,
  table: TableConfig,
  changes: readonly Change[],
): Promise<{ plan: Plan; replaced: string | undefined }> {
  const formats = await chooseFormats(config);
  const { name } = table;
  const files = tableFiles(config.tablesDir, name, formats.of(table));
  const found = surveyTable(files, name, state);
  if (found.foreign !== undefined) {
    throw new OverrideError(
      `${files.dat}, which somebody else wrote, waits for a run: settle that first with build ${name}`,
    );
  }
  if (found.published === undefined) throw new OverrideError(`${name}: nothing is published yet`);
  const published = found.published.load();
  const [{ key }] = changes;
  const replaced = valueIn(published, key);
  return {
    plan: decidedPlan(table, files, found, changedByHand(published, changes)),
    replaced: replaced === undefined ? undefined : Buffer.from(replaced).toString(),
  };
}

async function publish(
  config: Config,
  state: State,
  journal: RunJournal,
  plans: readonly Plan[],
): Promise<void> {
  const threads = new TableThreads();
  try {
    await publishPlans(plans, state, journal, threads, new Generations(config.stateDir, config.generations));
  } finally {
    await threads.close();
  }
  endRun(journal, plans, [], config.keepHistory);
}

function undoing({ key, replaced }: Override): Change {
  return { key: Buffer.from(key), value: replaced === undefined ? undefined : Buffer.from(replaced) };
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
