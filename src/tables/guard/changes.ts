import { diff } from '../columns/diff.ts';
import { NO_ENTRIES } from '../columns/no-entries.ts';
import type { Table } from '../columns/table.ts';
import type { Change } from './moves.ts';
import type { Plan } from './plan.ts';

/** What a plan does to the keys that Exim sees, and what it would do if it were not held or failed. */
export function changesOf(plan: Plan): Change[] {
  const { write, candidate } = plan;
  const pending = candidate !== undefined && candidate !== write?.table && plan.outcome !== 'unchanged';
  if (write === undefined && !pending) return [];

  const { name } = plan.config;
  const { survey } = plan;
  // Where the dbm file matches what is published, that is what Exim sees.
  const matches = survey.published === undefined ? survey.shown() === undefined : survey.dbmMatches;
  const isShown = matches && plan.base === survey.published;
  const change = (table: Table, publishes: boolean): Change => {
    const difference =
      isShown && table === candidate ? plan.difference : diff(survey.shown() ?? NO_ENTRIES, table);
    return { name, difference, publishes };
  };
  const changes: Change[] = [];
  if (write !== undefined) changes.push(change(write.table, plan.selected));
  if (!pending) return changes;
  if (write === undefined || !plan.selected) changes.push(change(candidate, false));
  else {
    // What is published of a held candidate waits for nothing any more.
    changes.push({ name, difference: diff(write.table, candidate), publishes: false });
  }
  return changes;
}
