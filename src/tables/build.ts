import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, TableConfig } from '../config/config.ts';
import { AccountMemory } from '../state/account-memory.ts';
import { StateError } from '../state/error.ts';
import { Generations } from '../state/generations.ts';
import { RunLock } from '../state/lock.ts';
import type { MirrorStore } from '../state/mirror/store.ts';
import { Overrides } from '../state/overrides.ts';
import { Pins } from '../state/pins.ts';
import type { RunJournal } from '../state/run-journal.ts';
import { State } from '../state/state.ts';
import { whoRuns } from '../state/who.ts';
import { expireOverrides } from './decisions/expired-overrides.ts';
import { OverridesOfRun } from './decisions/overrides-of-run.ts';
import { SourceError, systemReason } from './error.ts';
import { crossCheckPlans } from './guard/cross-checks/plans.ts';
import { settleHolds } from './guard/hold.ts';
import { pinPlan } from './guard/pinned.ts';
import { fail, type Plan } from './guard/plan.ts';
import { settleMoves } from './guard/settle-moves.ts';
import { openMirror } from './mirror/open.ts';
import { isNoRoom } from './no-room.ts';
import { tellOf } from './notices/tell.ts';
import { planTables, recallTables } from './plan-tables.ts';
import { afterPublishing } from './publish/after-publishing.ts';
import { deadCanaries } from './publish/canaries.ts';
import type { DerivedReport } from './publish/derived.ts';
import { EarlyStaging } from './publish/early-staging.ts';
import { type ChosenFormats, chooseFormats } from './publish/formats.ts';
import { publishPlans } from './publish/publish.ts';
import { ReplacedFiles } from './publish/replaced-files.ts';
import { endRun } from './publish/run-history.ts';
import { sweep } from './publish/stage.ts';
import type { BuildReport, DirectoryOutcome } from './report.ts';
import { directoryOutcome } from './report-directory.ts';
import { reportOf } from './report-table.ts';
import { selectTables } from './select.ts';
import { Accounts } from './sources/accounts.ts';
import { Sources } from './sources/collect.ts';
import { MergeMemory } from './sources/merge-memory.ts';
import type { Progress } from './sources/progress.ts';
import { type Surveyed, surveyTables } from './survey-tables.ts';
import { Stopwatch } from './threads/stopwatch.ts';
import { TableThreads } from './threads/table-threads.ts';

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
  const selected = selectTables(config, options.tables);
  const formats = await chooseFormats(config);
  const dryRun = options.dryRun ?? false;
  if (!dryRun) makeStateDir(config.stateDir);
  const lock = dryRun ? undefined : RunLock.acquire(config.stateDir, config.tablesDir);
  const run = new Run(config, options, selected, formats);
  try {
    return await run.report();
  } finally {
    await run.close();
    lock?.release();
  }
}

/** One run, from the opening of what is remembered to the report. */
class Run {
  readonly #config: Config;
  readonly #options: BuildOptions;
  readonly #selected: ReadonlySet<string>;
  readonly #formats: ChosenFormats;
  readonly #dryRun: boolean;
  readonly #started = performance.now();
  readonly #stopwatch = new Stopwatch();
  readonly #threads = new TableThreads(this.#stopwatch);
  readonly #early = new EarlyStaging(this.#threads);
  readonly #replaced: ReplacedFiles;
  readonly #warnings: string[] = [];
  #state: State | undefined;
  #store: MirrorStore | undefined;
  #sources: Sources | undefined;
  /** What the directories gave, on its way to the disk. */
  #committed: ReturnType<Sources['commit']> | undefined;
  #derived: readonly DerivedReport[] = [];

  constructor(config: Config, options: BuildOptions, selected: ReadonlySet<string>, formats: ChosenFormats) {
    this.#config = config;
    this.#options = options;
    this.#selected = selected;
    this.#formats = formats;
    this.#dryRun = options.dryRun ?? false;
    this.#replaced = new ReplacedFiles(join(config.stateDir, 'replaced'));
    if (formats.auto?.warning !== undefined) this.#warnings.push(formats.auto.warning);
  }

  async report(): Promise<BuildReport> {
    const journal = await this.#open();
    const overrides = new Overrides(this.#config.stateDir);
    if (!this.#dryRun && this.#state !== undefined)
      this.#warnings.push(...(await expireOverrides(this.#config, this.#state, whoRuns())));
    const byHand = new OverridesOfRun(overrides.list());

    const surveyed = this.#stopwatch.time('survey', () =>
      surveyTables(this.#config, this.#formats, this.#selected, this.#state),
    );
    const accounts = new Accounts(new AccountMemory(this.#config.stateDir), !this.#dryRun);
    let ahead: Surveyed[] | undefined;
    const sources = this.#openSources(accounts, surveyed, () => {
      // One for each page: the directory gathers the next one meanwhile.
      ahead ??= surveyed.filter(({ config, survey }) => isOfFiles(config) && !memory.recall(config, survey));
      const table = ahead.shift();
      if (table !== undefined) sources.readAhead(table.config);
    });
    const memory = new MergeMemory(this.#store, sources, byHand);
    await this.#extract(sources);
    const settled = await recallTables(surveyed, memory, sources);
    if (surveyed.length - settled.size === 1) this.#threads.expectOne();
    // Files are written while tables are merged; nothing is published before that has come to its end.
    if (!this.#dryRun) this.#committed = this.#stopwatch.timeAsync('remember', () => sources.commit());

    const mayHold = Object.values(this.#config.crossChecks.modes).includes('hold');
    const pin = this.#pinner();
    const plans = await planTables(surveyed, settled, {
      stateDir: this.#config.stateDir,
      sources,
      memory,
      byHand,
      threads: this.#threads,
      stopwatch: this.#stopwatch,
      force: this.#options.force ?? false,
      allowEmpty: this.#options.allowEmpty ?? false,
      planned: (plan) => {
        pin(plan);
        this.#early.planned(plan);
        if (journal !== undefined && !mayHold) this.#early.begin(plan);
      },
    });
    this.#warnings.push(...plans.flatMap(optionalFailuresOf), ...byHand.warnings());
    if (!this.#dryRun) this.#catchUp(overrides, byHand);
    const directories = sources.directories.map(directoryOutcome);
    this.#warnings.push(...sources.directories.flatMap(({ warnings }) => warnings));
    if (accounts.trouble !== undefined) this.#warnings.push(accounts.trouble);

    // What can only be told, and holds no table, is found out while the threads write.
    if (mayHold) this.#crossCheckFirst(plans);
    const meanwhile = mayHold ? () => {} : () => this.#tellCrossChecks(plans);
    if (this.#state === undefined || journal === undefined) {
      meanwhile();
      settleMoves(plans);
    } else {
      await this.#publish(this.#state, journal, { plans, sources, memory, directories, meanwhile });
    }
    return this.#tell(plans, directories);
  }

  async close(): Promise<void> {
    await this.#early.discard();
    await this.#threads.close();
    await this.#committed;
    this.#sources?.close();
    this.#store?.close();
    this.#state?.close();
    await this.#replaced.released();
  }

  /** Opens what earlier runs remember, and sweeps up behind one that was killed. @returns undefined in a dry run */
  async #open(): Promise<RunJournal | undefined> {
    const { stateDir, tablesDir } = this.#config;
    this.#state = this.#dryRun ? State.peek(stateDir) : State.open(stateDir);
    const mirror = openMirror(this.#config, this.#dryRun);
    this.#store = mirror.store;
    if (mirror.trouble !== undefined) this.#warnings.push(mirror.trouble);
    if (this.#dryRun) return undefined;
    this.#replaced.empty();
    await sweep(tablesDir);
    return this.#state?.begin({
      command: 'build',
      who: whoRuns(),
      reason: reasonOf(this.#options),
      startedAt: Date.now(),
    });
  }

  /** @param paged is called after each page of a directory that is asked for everything */
  #openSources(accounts: Accounts, surveyed: readonly Surveyed[], paged: () => void): Sources {
    const published = surveyed.map(publishedEntries);
    const sources = new Sources(this.#config, {
      store: this.#store,
      accounts,
      full: this.#options.full ?? false,
      sorting: this.#threads,
      // Whatever it is that changed, some of the tables are written again.
      noticed: (directory) => {
        this.#threads.prepareTables(published);
        if (!this.#dryRun) this.#prepare(surveyed, directory);
      },
      progress: (directory, entries) => {
        this.#threads.prepare(entries);
        this.#options.progress?.(directory, entries);
        paged();
      },
    });
    this.#sources = sources;
    // How much will come nobody knows in a first hour, and never has a second processor less to do than now.
    const isFirst = published.every((entries) => entries === 0);
    if (isFirst && sources.directories.length > 0) this.#threads.prepare(Number.POSITIVE_INFINITY);
    return sources;
  }

  /** Asks the directories; connecting to them stands by itself. */
  async #extract(sources: Sources): Promise<void> {
    const started = performance.now();
    await sources.extract();
    const connect = sources.directories
      .flatMap(({ servers }) => servers)
      .reduce((sum, { connectMilliseconds }) => sum + connectMilliseconds, 0);
    this.#stopwatch.add('connect', connect);
    this.#stopwatch.add('extract', performance.now() - started - connect);
  }

  /** Prepares the tables that a directory feeds for a change: which of them it concerns is not known yet. */
  #prepare(surveyed: readonly Surveyed[], directory: string): void {
    for (const { survey, ...table } of surveyed) {
      const { sources } = table.config;
      const isFed = sources.some((source) => source.kind === 'directory' && source.directory === directory);
      // What has other sources too is merged whole.
      const isPatched = isFed && sources.every(({ kind }) => kind === 'directory');
      if (isPatched && !(survey instanceof Error)) this.#early.prepare({ ...table, survey });
    }
  }

  /** Notes which overrides the sources have caught up with. */
  #catchUp(overrides: Overrides, byHand: OverridesOfRun): void {
    const caughtUp = byHand.updated();
    if (caughtUp === undefined) return;
    try {
      overrides.write(caughtUp);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.#warnings.push(error.message);
    }
  }

  #pinner(): (plan: Plan) => void {
    const pins = new Pins(this.#config.stateDir);
    return (plan) => {
      const pin = pins.get(plan.config.name);
      if (pin !== undefined) pinPlan(plan, pin);
    };
  }

  /** Where they may hold a table, none is published without them. */
  #crossCheckFirst(plans: readonly Plan[]): void {
    try {
      this.#crossCheck(plans);
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      const unchecked = plans.filter(({ write }) => write !== undefined);
      for (const plan of unchecked) fail(plan, `the cross-checks were not made: ${systemReason(error)}`);
    }
  }

  #tellCrossChecks(plans: readonly Plan[]): void {
    try {
      this.#crossCheck(plans);
    } catch (error) {
      if (!(error instanceof SourceError) && !isNoRoom(error)) throw error;
      this.#warnings.push(`the cross-checks were not made: ${systemReason(error)}`);
    }
  }

  #crossCheck(plans: readonly Plan[]): void {
    const found = crossCheckPlans(plans, this.#config.crossChecks, this.#options.force ?? false);
    // What two tables of this run bring together is one thing to say.
    const said = new Set<string>();
    for (const { table, message } of found) {
      if (!said.has(message)) this.#warnings.push(`${table}: new with this run: ${message}`);
      said.add(message);
    }
  }

  async #publish(
    state: State,
    journal: RunJournal,
    { plans, sources, memory, directories, meanwhile }: Publication,
  ): Promise<void> {
    const { stateDir, keepHistory, generations } = this.#config;
    // Also where nothing changes: a run that was killed when it had published has tried none.
    const deadBefore = await deadCanaries(this.#config);
    for (const { address, message } of deadBefore)
      this.#warnings.push(`canary ${address} failed before this run: ${message}`);
    const kept = new Generations(stateDir, generations);
    const publishing = publishPlans(plans, state, journal, this.#threads, kept, {
      provenance: sources,
      ready: this.#committed ?? Promise.resolve(),
      replaced: this.#replaced,
      // A thread takes its time to end.
      written: () => void this.#threads.close(),
      stopwatch: this.#stopwatch,
      early: this.#early,
    });
    await whileWaiting(publishing, meanwhile);
    await publishing;
    const forgotten = memory.keep(plans);
    if (forgotten !== undefined) this.#warnings.push(forgotten);
    endRun(journal, plans, directories, keepHistory, await settleHolds(plans, stateDir));
    this.#derived = await afterPublishing(this.#config, state, plans, deadBefore);
  }

  async #tell(plans: readonly Plan[], directories: readonly DirectoryOutcome[]): Promise<BuildReport> {
    for (const { directory, error } of (await this.#committed) ?? []) {
      this.#warnings.push(
        `directory ${directory}: what it gave can't be remembered, so the next run asks for it again: ${systemReason(error)}`,
      );
    }
    const { movedAside, trouble } = this.#state ?? {};
    if (movedAside !== undefined)
      this.#warnings.push(`the state was damaged: it is now ${movedAside}, and a new one is begun`);
    const report: BuildReport = {
      dryRun: this.#dryRun,
      milliseconds: performance.now() - this.#started,
      tables: plans.filter((plan) => plan.selected).map((plan) => reportOf(plan, this.#dryRun)),
      directories,
      derived: this.#derived,
      warnings: this.#warnings,
      stages: this.#stopwatch.stages,
      peakMemory: process.resourceUsage().maxRSS * 1024,
      stateTrouble: this.#dryRun ? undefined : trouble,
    };
    if (!this.#dryRun) this.#warnings.push(...(await tellOf(this.#config, report)));
    return report;
  }
}

interface Publication {
  readonly plans: readonly Plan[];
  readonly sources: Sources;
  readonly memory: MergeMemory;
  readonly directories: readonly DirectoryOutcome[];
  /** What is done while the threads write. */
  readonly meanwhile: () => void;
}

function publishedEntries({ survey }: Surveyed): number {
  return survey instanceof Error ? 0 : (survey.published?.size.entries ?? 0);
}

/** What was asked for beyond the hourly job: the history shows who lifted the guard. */
function reasonOf({ tables = [], force, allowEmpty }: BuildOptions): string | undefined {
  const flags = [...(force ? ['--force'] : []), ...(allowEmpty ? ['--allow-empty'] : []), ...tables];
  return flags.length === 0 ? undefined : flags.join(' ');
}

/** What optional sources of a table kept back. */
function optionalFailuresOf({ selected, config: { name }, optionalFailures }: Plan): string[] {
  if (!selected) return [];
  return optionalFailures.map(
    ({ message }) => `${name}: an optional source failed, so nothing is removed for want of it: ${message}`,
  );
}

function isOfFiles({ sources }: TableConfig): boolean {
  return sources.length > 0 && sources.every(({ kind }) => kind !== 'directory');
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
