import type { Config } from '../../config/config.ts';
import { printableText } from '../../config/printable.ts';
import { DbmError } from '../../dbm/error.ts';
import { StateError } from '../../state/error.ts';
import { type Override, Overrides } from '../../state/overrides.ts';
import type { State } from '../../state/state.ts';
import { valueIn } from '../columns/entry-of.ts';
import { merge } from '../columns/merge.ts';
import { PublishError, SourceError } from '../error.ts';
import type { Plan } from '../guard/plan.ts';
import { stampOf, tableFiles } from '../publish/files.ts';
import { chooseFormats } from '../publish/formats.ts';
import { surveyTable } from '../publish/survey.ts';
import { readDatFile } from '../sources/file.ts';
import { planByHand, publishByHand, undoing } from './by-hand.ts';
import { OverrideError } from './override-error.ts';

/**
 * Takes back the overrides that have expired, each as if by `override remove`, for a run that holds the lock. Somebody
 * decided when that is: no guard is asked. Where that can't be done now, what the run publishes is without them all the same.
 *
 * @returns what went wrong with it
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
      plans.push((await planByHand(config, state, table, ours.map(undoing))).plan);
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
  await publishByHand(config, state, journal, plans);
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
