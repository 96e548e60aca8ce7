import type { Config } from '../../config/config.ts';
import { printableText } from '../../config/printable.ts';
import { DbmError } from '../../dbm/error.ts';
import type { State } from '../../state/state.ts';
import type { Table } from '../columns/table.ts';
import { RollbackError, rollbackUnderLock } from '../decisions/rollback.ts';
import { PublishError } from '../error.ts';
import type { Plan } from '../guard/plan.ts';
import { type DeadCanary, deadCanaries } from './canaries.ts';
import { type DerivedReport, publishDerived } from './derived.ts';
import { endRun } from './run-history.ts';

/**
 * What is done when tables have been put in place: those that are made of them follow, and the canaries are tried. When one
 * fails that did not fail before, the tables of this run go back to what they were, and are pinned. Under the lock.
 *
 * @param deadBefore the canaries that failed before
 */
export async function afterPublishing(
  config: Config,
  state: State,
  plans: readonly Plan[],
  deadBefore: readonly DeadCanary[],
): Promise<readonly DerivedReport[]> {
  const derived = await publishDerived(config, state);
  const changed = plans.filter(isChanged);
  if (changed.length === 0) return derived;
  const dead = (await deadCanaries(config)).filter(
    ({ address }) => !deadBefore.some((before) => before.address === address),
  );
  if (dead.length === 0) return derived;
  await goBack(config, state, changed, dead);
  return publishDerived(config, state);
}

/** Whether a plan has changed what Exim sees, or is about to. */
function isChanged({ selected, outcome, write, survey }: Plan): boolean {
  return (
    selected && outcome !== 'failed' && write !== undefined && write.table.digest !== survey.published?.digest
  );
}

async function goBack(
  config: Config,
  state: State,
  changed: readonly Plan[],
  dead: readonly DeadCanary[],
): Promise<void> {
  const why = printableText(dead.map(({ address, message }) => `canary ${address}: ${message}`).join('; '));
  const tables = changed
    .filter(({ survey }) => survey.published !== undefined)
    .map((plan) => plan.config.name);
  const failures = new Map<string, string>();
  if (tables.length > 0) {
    const who = 'mailhub-tables';
    const journal = state.begin({ command: 'canary', who, reason: why, startedAt: Date.now() });
    try {
      const { plans } = await rollbackUnderLock(config, state, journal, {
        tables,
        to: undefined,
        before: tablesBefore(changed),
        by: 'canary',
        who,
        why,
      });
      endRun(journal, plans, [], config.keepHistory);
      for (const { config: table, failure } of plans)
        if (failure !== undefined) failures.set(table.name, failure.message);
    } catch (error) {
      const known =
        error instanceof RollbackError || error instanceof PublishError || error instanceof DbmError;
      if (!known) throw error;
      for (const name of tables) failures.set(name, error.message);
    }
  }
  for (const plan of changed) {
    const { name } = plan.config;
    const failure = tables.includes(name) ? failures.get(name) : 'nothing was published before';
    const end =
      failure === undefined
        ? `it is what it was before, and pinned: when this is mended, mailhub-tables unpin ${name}`
        : `it could not be rolled back: ${failure}`;
    plan.outcome = 'failed';
    plan.failure = { cause: 'machine', message: `${why}; ${end}` };
  }
}

/** What was published before this run: its generation may not have been kept, and an older one is something else. */
function tablesBefore(changed: readonly Plan[]): Map<string, Table> {
  const tables = new Map<string, Table>();
  for (const { config, survey } of changed) {
    if (survey.published === undefined) continue;
    const table = survey.published.load();
    if (table.digest !== survey.published.digest)
      throw new RollbackError(`${config.name}: what it was before this run is not known any more`);
    tables.set(config.name, table);
  }
  return tables;
}
