import type { TableConfig } from '../../config/config.ts';
import type { Table } from '../columns/table.ts';
import type { TableFiles } from '../publish/files.ts';
import { NOTHING_SURVEYED, type Survey } from '../publish/survey.ts';
import type { Remembered } from '../sources/merge-memory.ts';
import { differenceOf, fail, type Plan, planOf, type TableAtHand } from './plan.ts';

/** The plan of a table that needs no merging: its sources would give just what is published and whole. */
export function settledPlan(table: TableAtHand, { conflicts, rejections }: Remembered): Plan {
  const { published, notes } = table.survey;
  return planOf(table, { outcome: 'unchanged', base: published, conflicts, rejections, notes: [...notes] });
}

/** The plan of a table whose files could not be read; its sources tell which addresses others must keep for it. */
export function failedPlan(
  table: Omit<TableAtHand, 'survey'>,
  error: unknown,
  candidate: Table | undefined,
): Plan {
  const difference = differenceOf(undefined, candidate);
  const plan = planOf({ ...table, survey: NOTHING_SURVEYED }, { outcome: 'failed', candidate, difference });
  fail(plan, error);
  return plan;
}

/** The plan that publishes what a person chose, whatever the guard would say. */
export function decidedPlan(config: TableConfig, files: TableFiles, survey: Survey, candidate: Table): Plan {
  const { published, foreign, datThere, dbmMatches } = survey;
  const same = foreign === undefined && published?.digest === candidate.digest;
  const parts = { dat: config.sources.length > 0, dbm: true };
  return planOf(
    { config, files, survey, selected: true },
    {
      outcome: same ? 'unchanged' : 'published',
      chosen: true,
      candidate,
      base: published,
      difference: differenceOf(published, candidate),
      write: same && datThere && dbmMatches ? undefined : { table: candidate, parts },
    },
  );
}

/** The plan of a table that stays as it is, for the sake of addresses that move into its candidate. */
export function heldPlan(config: TableConfig, files: TableFiles, survey: Survey, candidate: Table): Plan {
  const { published } = survey;
  return planOf(
    { config, files, survey, selected: false },
    { outcome: 'held', candidate, base: published, difference: differenceOf(published, candidate) },
  );
}
