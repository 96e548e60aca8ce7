import type { TableConfig } from '../config/config.ts';
import { changedTable } from './changed-table.ts';
import type { Merged } from './columns/merge.ts';
import type { OverridesOfRun } from './decisions/overrides-of-run.ts';
import { refusalOf } from './guard/hold.ts';
import type { Plan } from './guard/plan.ts';
import { candidateSources, planTable } from './guard/planner.ts';
import { failedPlan, settledPlan } from './guard/ready-plans.ts';
import type { Survey } from './publish/survey.ts';
import type { Sources } from './sources/collect.ts';
import type { MergeMemory, Remembered } from './sources/merge-memory.ts';
import type { Surveyed } from './survey-tables.ts';
import type { Stopwatch } from './threads/stopwatch.ts';
import type { TableThreads } from './threads/table-threads.ts';

/** Tables that need no merging: what is known of the others' directories is made readable, which may tell more. */
export async function recallTables(
  surveyed: readonly Surveyed[],
  memory: MergeMemory,
  sources: Sources,
): Promise<Map<TableConfig, Remembered>> {
  for (;;) {
    const settled = new Map<TableConfig, Remembered>();
    for (const { config, survey } of surveyed) {
      const remembered = memory.recall(config, survey);
      if (remembered !== undefined) settled.set(config, remembered);
    }
    const others = surveyed.filter(({ config }) => !settled.has(config));
    const changed = others.filter(
      ({ config, survey }) => !(survey instanceof Error) && memory.recallPast(config, survey) !== undefined,
    );
    const configs = (tables: readonly Surveyed[]) => tables.map(({ config }) => config);
    if (!(await sources.makeReadable(configs(others), new Set(configs(changed))))) return settled;
  }
}

/** What plans are made with. */
export interface Planning {
  readonly stateDir: string;
  readonly sources: Sources;
  readonly memory: MergeMemory;
  readonly byHand: OverridesOfRun;
  readonly threads: TableThreads;
  readonly stopwatch: Stopwatch;
  /** Publish past the guard. */
  readonly force: boolean;
  readonly allowEmpty: boolean;
  /** Hears of each plan as soon as it is made. */
  readonly planned: (plan: Plan) => void;
}

/** What is to become of each table, by its sources and the guard. @param settled what needs no merging */
export function planTables(
  surveyed: readonly Surveyed[],
  settled: ReadonlyMap<TableConfig, Remembered>,
  planning: Planning,
): Promise<Plan[]> {
  return Promise.all(
    surveyed.map(async (table) => {
      const remembered = settled.get(table.config);
      const plan =
        remembered === undefined ? await planMerged(table, planning) : planRemembered(table, remembered);
      planning.planned(plan);
      return plan;
    }),
  );
}

function planRemembered({ survey, ...table }: Surveyed, remembered: Remembered): Plan {
  if (survey instanceof Error) throw survey;
  return settledPlan({ ...table, survey }, remembered);
}

async function planMerged({ survey, ...table }: Surveyed, planning: Planning): Promise<Plan> {
  const { stateDir, sources, byHand, threads, stopwatch, force, allowEmpty } = planning;
  const started = performance.now();
  const { name } = table.config;
  const refusal = refusalOf(stateDir, name);
  try {
    const changed =
      survey instanceof Error ? undefined : changedTable(table.config, survey, planning.memory, sources);
    if (changed !== undefined) {
      const { collected, merged } = changed;
      const options = { force, allowEmpty, refusal };
      const plan = planTable({ ...table, survey: changed.survey }, collected, merged, options);
      plan.milliseconds = performance.now() - started;
      return plan;
    }
  } catch (error) {
    return failedPlan(table, error, undefined);
  }
  const collected = await stopwatch.timeAsync('collect', () => sources.collect(table.config));
  let merged: Merged | undefined;
  try {
    const contributions =
      survey instanceof Error ? collected.contributions : candidateSources(survey, collected);
    const complete = table.config.sources.length > 0 && collected.failures.length === 0;
    if (complete || contributions.length > 0) {
      const isMeasured = !(survey instanceof Error) && isCompared(survey);
      merged = byHand.apply(name, await threads.merge(contributions, isMeasured), complete);
    }
    if (survey instanceof Error) throw survey;
    const plan = stopwatch.time('compare', () =>
      planTable({ ...table, survey }, collected, merged, { force, allowEmpty, refusal }),
    );
    plan.notes.push(...byHand.notes(name));
    plan.milliseconds = performance.now() - started;
    return plan;
  } catch (error) {
    return failedPlan(table, error, merged?.table);
  }
}

/** Whether anything is or was published that a candidate has to be compared with. */
function isCompared({ published, foreign, lostDigest }: Survey): boolean {
  return published !== undefined || foreign !== undefined || lostDigest !== undefined;
}
