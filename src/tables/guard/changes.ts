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

  const shown = plan.survey.shown() ?? NO_ENTRIES;
  const change = (after: Table, publishes: boolean): Change => {
    const known = after === candidate && (plan.base?.load() ?? NO_ENTRIES) === shown;
    const { removed, added } = known ? plan.difference : diff(shown, after);
    return { name: plan.config.name, before: shown, after, removed, added, publishes };
  };
  const changes: Change[] = [];
  if (write !== undefined) changes.push(change(write.table, plan.selected));
  if (!pending) return changes;
  if (write === undefined || !plan.selected) changes.push(change(candidate, false));
  else {
    // What is published of a held candidate waits for nothing any more.
    const { removed, added } = diff(write.table, candidate);
    changes.push({
      name: plan.config.name,
      before: write.table,
      after: candidate,
      removed,
      added,
      publishes: false,
    });
  }
  return changes;
}
