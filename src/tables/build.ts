import { mkdirSync } from 'node:fs';
import type { Config, TableConfig } from '../config/config.ts';
import { AccountMemory } from '../state/account-memory.ts';
import { StateError } from '../state/error.ts';
import { Generations } from '../state/generations.ts';
import { RunLock } from '../state/lock.ts';
import type { MirrorStore } from '../state/mirror/store.ts';
import { Overrides } from '../state/overrides.ts';
import { Pins } from '../state/pins.ts';
import { State } from '../state/state.ts';
import { whoRuns } from '../state/who.ts';
import { Accounts } from './accounts.ts';
import { afterPublishing, isChanged } from './after-publishing.ts';
import { deadCanaries } from './canaries.ts';
import { type DirectoryRun, type Progress, Sources } from './collect.ts';
import { crossCheckPlans } from './cross-checks/plans.ts';
import type { DerivedReport } from './derived.ts';
import { systemReason } from './error.ts';
import { type TableFiles, tableFiles } from './files.ts';
import { chooseFormats } from './formats.ts';
import { refusalOf, settleHolds } from './hold.ts';
import type { Merged } from './merge.ts';
import { MergeMemory, type Remembered } from './merge-memory.ts';
import { openMirror } from './mirror/open.ts';
import { expireOverrides } from './override.ts';
import { OverridesOfRun } from './overrides-of-run.ts';
import { pinPlan } from './pinned.ts';
import { candidateSources, failedPlan, type Plan, type PlanOptions, planTable, settledPlan } from './plan.ts';
import { publishPlans, settleMoves } from './publish.ts';
import type { BuildReport, DirectoryOutcome } from './report.ts';
import { reportOf } from './report-table.ts';
import { endRun } from './run-history.ts';
import { selectTables } from './select.ts';
import { sweep } from './stage.ts';
import { Stopwatch } from './stopwatch.ts';
import { type Survey, survey } from './survey.ts';
import { TableThreads } from './table-threads.ts';
import { tellOf } from './tell.ts';

/** Whole files are compared at least this often, in milliseconds. */
const VERIFY_EVERY = 24 * 60 * 60 * 1000;

export interface BuildOptions {
  /** Names of the tables to publish; undefined stands for all of them. */
  readonly tables?: readonly string[] | undefined;
  /** Decide and report, entry by entry, but write nothing. */
  readonly dryRun?: boolean;
  /** Publish past the guard, though never past a failed source or an empty table. */
  readonly force?: boolean;
  readonly allowEmpty?: boolean;
  /** Ask the directories for everything, at any hour. */
  readonly full?: boolean;
  readonly progress?: Progress | undefined;
}

/**
 * The hourly job: reads the sources, merges, lets the guard judge, and publishes what may be published. One table's trouble
 * never stops another; it stands in the report.
 *
 * @throws UnknownTableError; LockedError, StateError; EximError with `format = "auto"`. Nothing was touched then.
 */
export async function build(config: Config, options: BuildOptions = {}): Promise<BuildReport> {
  const started = performance.now();
  const selected = selectTables(config, options.tables);
  const dryRun = options.dryRun ?? false;
  const formats = await chooseFormats(config);
  const warnings = formats.auto?.warning === undefined ? [] : [formats.auto.warning];
  if (!dryRun) makeStateDir(config.stateDir);
  const lock = dryRun ? undefined : RunLock.acquire(config.stateDir, config.tablesDir);
  const stopwatch = new Stopwatch();
  const threads = new TableThreads(stopwatch);
  let state: State | undefined;
  let store: MirrorStore | undefined;
  let sources: Sources | undefined;
  let committed: ReturnType<Sources['commit']> | undefined;
  try {
    state = dryRun ? State.peek(config.stateDir) : State.open(config.stateDir);
    const journal = state?.begin({
      command: 'build',
      who: whoRuns(),
      reason: reasonOf(options),
      startedAt: Date.now(),
    });
    const mirror = openMirror(config, dryRun);
    store = mirror.store;
    if (mirror.trouble !== undefined) warnings.push(mirror.trouble);
    if (!dryRun) await sweep(config.tablesDir);
    const overrides = new Overrides(config.stateDir);
    if (!dryRun && state !== undefined) warnings.push(...(await expireOverrides(config, state, whoRuns())));
    const byHand = new OverridesOfRun(overrides.list());

    const surveys = config.tables.map((table) => {
      const files = tableFiles(config.tablesDir, table.name, formats.of(table));
      return { table, files, survey: stopwatch.time('survey', () => surveyOf(files, table.name, state)) };
    });
    const accounts = new Accounts(new AccountMemory(config.stateDir), !dryRun);
    const all = new Sources(config, {
      store,
      accounts,
      full: options.full ?? false,
      sorting: threads,
      progress: (directory, entries) => {
        threads.prepare(entries);
        options.progress?.(directory, entries);
      },
    });
    sources = all;
    await extract(all, stopwatch);
    const memory = new MergeMemory(store, all, byHand);
    let settled = recallAll(memory, surveys);
    while (await all.makeReadable(config.tables.filter((table) => !settled.has(table)))) {
      settled = recallAll(memory, surveys);
    }
    // Files are written while tables are merged; nothing is published before that has come to its end.
    if (!dryRun) committed = stopwatch.timeAsync('remember', () => all.commit());

    const plans = await Promise.all(
      surveys.map(({ table, files, survey }) =>
        planOf(table, files, survey, settled.get(table) ?? all, threads, byHand, stopwatch, {
          selected: selected.has(table.name),
          force: options.force ?? false,
          allowEmpty: options.allowEmpty ?? false,
          refusal: refusalOf(config.stateDir, table.name),
        }),
      ),
    );
    for (const { selected, config, optionalFailures } of plans) {
      if (!selected) continue;
      for (const { message } of optionalFailures) {
        warnings.push(
          `${config.name}: an optional source failed, so nothing is removed for want of it: ${message}`,
        );
      }
    }

    warnings.push(...byHand.warnings());
    const caughtUp = byHand.updated();
    if (!dryRun && caughtUp !== undefined) {
      try {
        overrides.write(caughtUp);
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        warnings.push(error.message);
      }
    }

    const pins = new Pins(config.stateDir);
    for (const plan of plans) {
      const pin = pins.get(plan.config.name);
      if (pin !== undefined) pinPlan(plan, pin);
    }
    const crossCheck = (): void => {
      for (const { table, message } of crossCheckPlans(plans, config.crossChecks, options.force ?? false)) {
        warnings.push(`${table}: new with this run: ${message}`);
      }
    };
    let derived: readonly DerivedReport[] = [];
    const mayHold = Object.values(config.crossChecks.modes).includes('hold');
    if (mayHold) crossCheck();

    const directories = all.directories.map(outcomeOf);
    for (const directory of all.directories) warnings.push(...directory.warnings);
    if (accounts.trouble !== undefined) warnings.push(accounts.trouble);
    if (dryRun || state === undefined || journal === undefined) {
      if (!mayHold) crossCheck();
      settleMoves(plans);
    } else {
      const generations = new Generations(config.stateDir, config.generations);
      const deadBefore = plans.some(isChanged) ? await deadCanaries(config) : [];
      for (const { address, message } of deadBefore)
        warnings.push(`canary ${address} failed before this run: ${message}`);
      const publishing = publishPlans(plans, state, journal, threads, generations, {
        provenance: all,
        ready: committed ?? Promise.resolve(),
        stopwatch,
      });
      // What is only told can be found out while the threads write.
      if (!mayHold) await whileWaiting(publishing, crossCheck);
      await publishing;
      const forgotten = memory.keep(plans);
      if (forgotten !== undefined) warnings.push(forgotten);
      endRun(journal, plans, directories, config.keepHistory, await settleHolds(plans, config.stateDir));
      derived = await afterPublishing(config, state, plans, deadBefore);
    }
    for (const { directory, error } of (await committed) ?? []) {
      warnings.push(
        `directory ${directory}: what it gave can't be remembered, so the next run asks for it again: ${systemReason(error)}`,
      );
    }
    if (state?.movedAside !== undefined) {
      warnings.push(`the state was damaged: it is now ${state.movedAside}, and a new one is begun`);
    }
    const report: BuildReport = {
      dryRun,
      milliseconds: performance.now() - started,
      tables: plans.filter((plan) => plan.selected).map((plan) => reportOf(plan, dryRun)),
      directories,
      derived,
      warnings,
      stages: stopwatch.stages,
      peakMemory: process.resourceUsage().maxRSS * 1024,
      stateTrouble: dryRun ? undefined : state?.trouble,
    };
    if (!dryRun) warnings.push(...(await tellOf(config, report)));
    return report;
  } finally {
    await threads.close();
    await committed;
    sources?.close();
    store?.close();
    state?.close();
    lock?.release();
  }
}

function outcomeOf({ report: whole, failure, warnings: _, ...run }: DirectoryRun): DirectoryOutcome {
  const outcome = { ...run, failure: failure?.message };
  if (whole === undefined) return { ...outcome, report: undefined };
  const { servers: _servers, passwordExpires: _asked, ...report } = whole;
  return { ...outcome, report };
}

/** Asks the directories; connecting to them stands by itself. */
async function extract(sources: Sources, stopwatch: Stopwatch): Promise<void> {
  const started = performance.now();
  await sources.extract();
  const connect = sources.directories
    .flatMap(({ servers }) => servers)
    .reduce((sum, { connectMilliseconds }) => sum + connectMilliseconds, 0);
  stopwatch.add('connect', connect);
  stopwatch.add('extract', performance.now() - started - connect);
}

/** What was asked for beyond the hourly job: the history shows who lifted the guard. */
function reasonOf({ tables = [], force, allowEmpty }: BuildOptions): string | undefined {
  const flags = [...(force ? ['--force'] : []), ...(allowEmpty ? ['--allow-empty'] : []), ...tables];
  return flags.length === 0 ? undefined : flags.join(' ');
}

/** Does `work` once `others` have been told what they have to do; its error comes after them. */
async function whileWaiting(others: Promise<unknown>, work: () => void): Promise<void> {
  const settled = others.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  try {
    work();
  } finally {
    await settled;
  }
}

/** A folder that can't be made is found again when the state is opened, which then does without. */
function makeStateDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o750 });
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
  }
}

/** @returns the error that kept the table's files from being read, as a value: it concerns this table only */
function surveyOf(files: TableFiles, name: string, state: State | undefined): Survey | Error {
  try {
    const record = state?.published(name);
    const verify = record !== undefined && Date.now() - record.verifiedAt >= VERIFY_EVERY;
    return survey(files, { record, intended: state?.intended(name), verify });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Tables that need no merging. */
function recallAll(
  memory: MergeMemory,
  surveys: readonly { readonly table: TableConfig; readonly survey: Survey | Error }[],
): Map<TableConfig, Remembered> {
  const settled = new Map<TableConfig, Remembered>();
  for (const { table, survey } of surveys) {
    const remembered = memory.recall(table, survey);
    if (remembered !== undefined) settled.set(table, remembered);
  }
  return settled;
}

async function planOf(
  table: TableConfig,
  files: TableFiles,
  survey: Survey | Error,
  sources: Sources | Remembered,
  threads: TableThreads,
  byHand: OverridesOfRun,
  stopwatch: Stopwatch,
  options: PlanOptions,
): Promise<Plan> {
  const started = performance.now();
  if (!(sources instanceof Sources)) {
    if (survey instanceof Error) throw survey;
    return settledPlan(table, files, survey, options.selected, sources);
  }
  const collected = await stopwatch.timeAsync('collect', () => sources.collect(table));
  let merged: Merged | undefined;
  try {
    const contributions =
      survey instanceof Error ? collected.contributions : candidateSources(survey, collected);
    const complete = table.sources.length > 0 && collected.failures.length === 0;
    if (complete || contributions.length > 0) {
      const isMeasured = !(survey instanceof Error) && isCompared(survey);
      merged = byHand.apply(table.name, await threads.merge(contributions, isMeasured), complete);
    }
    if (survey instanceof Error) throw survey;
    const plan = stopwatch.time('compare', () => planTable(table, files, survey, collected, merged, options));
    plan.notes.push(...byHand.notes(table.name));
    plan.milliseconds = performance.now() - started;
    return plan;
  } catch (error) {
    return failedPlan(table, files, options.selected, error, merged?.table);
  }
}

/** Whether anything is or was published that a candidate has to be compared with. */
function isCompared({ published, foreign, lostDigest }: Survey): boolean {
  return published !== undefined || foreign !== undefined || lostDigest !== undefined;
}
