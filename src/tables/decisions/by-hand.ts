import type { Config, TableConfig } from '../../config/config.ts';
import { Generations } from '../../state/generations.ts';
import type { Override } from '../../state/overrides.ts';
import type { RunJournal } from '../../state/run-journal.ts';
import type { State } from '../../state/state.ts';
import { valueIn } from '../columns/entry-of.ts';
import type { Plan } from '../guard/plan.ts';
import { decidedPlan } from '../guard/ready-plans.ts';
import { tableFiles } from '../publish/files.ts';
import { chooseFormats } from '../publish/formats.ts';
import { publishPlans } from '../publish/publish.ts';
import { endRun } from '../publish/run-history.ts';
import { surveyTable } from '../publish/survey.ts';
import { TableThreads } from '../threads/table-threads.ts';
import { OverrideError } from './override-error.ts';
import { type Change, changedByHand } from './overrides.ts';

/** What the changes make of what is published. */
export async function planByHand(
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

/** Publishes the plans, and ends the run with them. */
export async function publishByHand(
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

/** What takes an override back. */
export function undoing({ key, replaced }: Override): Change {
  return { key: Buffer.from(key), value: replaced === undefined ? undefined : Buffer.from(replaced) };
}
