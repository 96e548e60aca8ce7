import type { Config } from '../../config/config.ts';
import { DbmError } from '../../dbm/error.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { type Generation, Generations } from '../../state/generations.ts';
import { RunLock } from '../../state/lock.ts';
import { type Pin, Pins } from '../../state/pins.ts';
import type { RunJournal } from '../../state/run-journal.ts';
import { State } from '../../state/state.ts';
import { printable } from '../columns/bytes.ts';
import { entryOf } from '../columns/entry-of.ts';
import type { Table } from '../columns/table.ts';
import { type Listing, Tally } from '../columns/tally.ts';
import { PublishError } from '../error.ts';
import type { Plan } from '../guard/plan.ts';
import { decidedPlan } from '../guard/ready-plans.ts';
import { type DeadCanary, deadCanaries } from '../publish/canaries.ts';
import { type DerivedReport, publishDerived } from '../publish/derived.ts';
import { tableFiles } from '../publish/files.ts';
import { chooseFormats } from '../publish/formats.ts';
import { readKeptText } from '../publish/kept-text.ts';
import { publishPlans } from '../publish/publish.ts';
import { endRun } from '../publish/run-history.ts';
import { sweep } from '../publish/stage.ts';
import { type Survey, surveyTable } from '../publish/survey.ts';
import type { TableReport } from '../report.ts';
import { reportOf } from '../report-table.ts';
import { selectTables } from '../select.ts';
import { TableThreads } from '../threads/table-threads.ts';

export interface RollbackOptions {
  readonly tables: readonly string[];
  /** Which generation: what was published at that moment; undefined for the one before what is published. */
  readonly to: Date | undefined;
  /** What they are to be instead, where that is at hand. */
  readonly before?: ReadonlyMap<string, Table>;
  readonly by: 'rollback' | 'canary';
  readonly who: string;
  readonly why: string;
}

export interface RolledBack {
  readonly table: TableReport;
  /** From when to when it was published before; undefined for a table that failed before one was chosen. */
  readonly generation: Pick<Generation, 'since' | 'until'>;
}

export interface RollbackReport {
  readonly tables: readonly RolledBack[];
  /** Addresses that went with this and are in no table now. */
  readonly gone: Listing<string>;
  /** The tables that are made of others. */
  readonly derived: readonly DerivedReport[];
  /** Those that fail now and did not before: what somebody rolled back on purpose stays so. */
  readonly deadCanaries: readonly DeadCanary[];
  /** Why the state could not be written, so that nothing of this is remembered. */
  readonly stateTrouble: string | undefined;
}

/** There is nothing to roll a table back to: names what there is. */
export class RollbackError extends Error {
  override readonly name = 'RollbackError';
}

/**
 * Publishes what tables were before, and pins them, so that the next run does not undo it. Tables that are named together
 * go together: an address that moved between them is in one of them at every moment.
 *
 * @throws UnknownTableError, RollbackError, LockedError, StateError; EximError. Nothing was touched then.
 */
export async function rollback(config: Config, options: RollbackOptions): Promise<RollbackReport> {
  selectTables(config, options.tables);
  const lock = RunLock.acquire(config.stateDir, config.tablesDir);
  let state: State | undefined;
  try {
    state = State.open(config.stateDir);
    await sweep(config.tablesDir);
    const journal = state.begin({
      command: 'rollback',
      who: options.who,
      reason: options.why,
      startedAt: Date.now(),
    });
    const deadBefore = await deadCanaries(config);
    const { plans, ...report } = await rollbackUnderLock(config, state, journal, options);
    endRun(journal, plans, [], config.keepHistory);
    const derived = await publishDerived(config, state);
    const dead = (await deadCanaries(config)).filter(
      ({ address }) => !deadBefore.some((before) => before.address === address),
    );
    return { ...report, derived, deadCanaries: dead, stateTrouble: state.trouble };
  } finally {
    state?.close();
    lock.release();
  }
}

/** As `rollback`, for a run that holds the lock. @throws RollbackError, StateError, EximError @internal */
export async function rollbackUnderLock(
  config: Config,
  state: State,
  journal: RunJournal,
  { tables, to, before, ...by }: RollbackOptions,
): Promise<
  Omit<RollbackReport, 'derived' | 'deadCanaries' | 'stateTrouble'> & { readonly plans: readonly Plan[] }
> {
  const formats = await chooseFormats(config);
  const generations = new Generations(config.stateDir, config.generations);
  const pins = new Pins(config.stateDir);
  const chosen: { plan: Plan; table: Table; generation: Generation | undefined; pinned: Pin | undefined }[] =
    [];
  const others: (() => Survey)[] = [];
  for (const table of config.tables) {
    const { name } = table;
    const files = tableFiles(config.tablesDir, name, formats.of(table));
    const look = (): Survey => surveyTable(files, name, state);
    if (!tables.includes(name)) {
      others.push(look);
      continue;
    }
    const found = look();
    let old = before?.get(name);
    let generation: Generation | undefined;
    if (old === undefined) {
      generation = choose(name, generations.list(name), found.published?.digest, to);
      old = readKeptText(generation.path, generation.digest, 'choose another with --to');
    }
    const plan = decidedPlan(table, files, found, old);
    chosen.push({ plan, table: old, generation, pinned: pins.get(name) });
  }

  // Pinned first: a run that is killed in between must not leave a table that the next hour takes back.
  const since = new Date();
  for (const { plan, table } of chosen) {
    pins.set(plan.config.name, { by: by.by, who: by.who, why: by.why, since, digest: table.digest });
  }
  const threads = new TableThreads();
  try {
    await publishPlans(
      chosen.map(({ plan }) => plan),
      state,
      journal,
      threads,
      generations,
    );
  } finally {
    await threads.close();
  }
  for (const { plan, pinned } of chosen) {
    if (plan.outcome !== 'failed') continue;
    if (pinned === undefined) pins.remove(plan.config.name);
    else pins.set(plan.config.name, pinned);
  }
  return {
    plans: chosen.map(({ plan }) => plan),
    tables: chosen.flatMap(({ plan, generation }) =>
      generation === undefined ? [] : [{ table: reportOf(plan, false), generation }],
    ),
    gone: goneFrom(
      chosen.map(({ plan }) => plan),
      others,
    ),
  };
}

/** @throws RollbackError */
function choose(
  table: string,
  kept: readonly Generation[],
  published: string | undefined,
  to: Date | undefined,
): Generation {
  const found =
    to === undefined
      ? kept.find(({ digest }) => digest !== published)
      : kept.findLast(({ until }) => to < until);
  if (found !== undefined && (to === undefined || found.since <= to)) return found;
  const [latest] = kept;
  if (to !== undefined && latest !== undefined && latest.until <= to) {
    throw new RollbackError(
      `${table} is still as it was at ${to.toISOString()}: nothing was published since`,
    );
  }
  const what = to === undefined ? 'no earlier generation' : `nothing of ${to.toISOString()}`;
  const list = kept.map(({ since, until }) => `${since.toISOString()} to ${until.toISOString()}`);
  throw new RollbackError(
    `${table}: ${what} is kept; ${list.length === 0 ? 'there is none at all' : `there is what was published from ${list.join(', from ')}`}`,
  );
}

/** The keys that the plans took from their tables and that are in none of the others. */
function goneFrom(plans: readonly Plan[], others: readonly (() => Survey)[]): Listing<string> {
  const gone = new Tally<string>(10);
  const left = [
    ...plans.flatMap(({ candidate }): Pairs[] => (candidate === undefined ? [] : [candidate])),
    ...others.flatMap((look) => shownBy(look)),
  ];
  for (const { outcome, difference } of plans) {
    if (outcome !== 'published') continue;
    const { pool, keyStart, keyEnd } = difference.before;
    for (const i of difference.removed) {
      if (left.some((table) => entryOf(table, pool, keyStart[i], keyEnd[i]) >= 0)) continue;
      gone.add(() => printable(pool, keyStart[i], keyEnd[i]));
    }
  }
  return { count: gone.count, examples: gone.examples };
}

/** A table that can't be read holds nobody's roll-back up. */
function shownBy(look: () => Survey): Pairs[] {
  try {
    const shown = look().shown();
    return shown === undefined ? [] : [shown];
  } catch (error) {
    if (error instanceof PublishError || error instanceof DbmError) return [];
    throw error;
  }
}
