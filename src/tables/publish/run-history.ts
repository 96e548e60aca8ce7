import type { Pairs } from '../../dbm/pairs.ts';
import type { HoldRecord } from '../../state/hold-record.ts';
import type { RunJournal } from '../../state/run-journal.ts';
import type { ChangeKind, DirectoryLoad, PublishedChanges, TableOutcome } from '../../state/run-record.ts';
import { diff } from '../columns/diff.ts';
import { NO_ENTRIES } from '../columns/no-entries.ts';
import type { Table } from '../columns/table.ts';
import type { Plan } from '../guard/plan.ts';
import { NO_PROVENANCE, type Provenance } from '../mirror/provenance.ts';
import type { DirectoryOutcome } from '../report.ts';
import { reportOf } from '../report-table.ts';

/** What became of a table, as the history has it. */
export function outcomeOf(plan: Plan): TableOutcome {
  const { name, outcome, before, after, added, removed, changed, findings, failure } = reportOf(plan, false);
  const reasons = failure === undefined ? findings : [failure];
  const message = reasons.length === 0 ? undefined : reasons.map((each) => each.message).join('; ');
  return { table: name, outcome, before, after, added, removed, changed, message };
}

/**
 * What a publication changed, entry by entry. The first one of a table is one outcome, not a million changes.
 *
 * @param cutShort what was published before a run that was killed before it could record this
 */
export function publishedChanges(
  plan: Plan,
  table: Table,
  provenance: Provenance = NO_PROVENANCE,
  cutShort?: Table,
): PublishedChanges | undefined {
  const { published } = plan.survey;
  if (cutShort === undefined && published === undefined) return undefined;
  const { name } = plan.config;
  const known = cutShort === undefined && plan.outcome === 'published' && plan.base === published;
  return {
    difference: known ? plan.difference : diff(cutShort ?? published?.load() ?? NO_ENTRIES, table),
    origin: (kind, key) =>
      (kind === 'removed' ? provenance.departure(name, key) : undefined) ?? provenance.origin(name, key),
  };
}

/** The same changes, whose origins are found out now. */
export function withOrigins({ difference, origin }: PublishedChanges): PublishedChanges {
  const { before, after, added, removed, changedAfter } = difference;
  const known = new Map<string, ReturnType<typeof origin>>();
  const find = (kind: ChangeKind, pairs: Pairs, entries: Uint32Array): void => {
    for (const i of entries) {
      const key = Buffer.from(pairs.pool.subarray(pairs.keyStart[i], pairs.keyEnd[i]));
      known.set(key.toString('latin1'), origin(kind, key));
    }
  };
  find('added', after, added);
  find('removed', before, removed);
  find('changed', after, changedAfter);
  return { difference, origin: (_, key) => known.get(Buffer.from(key).toString('latin1')) };
}

/** Ends the record of a run with what became of the tables and what the directories were asked for. */
export function endRun(
  journal: RunJournal,
  plans: readonly Plan[],
  directories: readonly DirectoryOutcome[],
  keep: number,
  holds: ReadonlyMap<string, HoldRecord | undefined> = new Map(),
): void {
  const selected = plans.filter((plan) => plan.selected);
  journal.end({
    result: resultOf(selected),
    load: directories.map(loadOf),
    outcomes: selected.map(outcomeOf),
    holds,
    keep,
  });
}

function resultOf(plans: readonly Plan[]): string {
  for (const cause of ['machine', 'source'] as const)
    if (plans.some(({ failure }) => failure?.cause === cause)) return `${cause} failed`;
  return plans.some(({ outcome }) => outcome === 'held') ? 'held' : 'well';
}

function loadOf({ name, report, failure, servers }: DirectoryOutcome): DirectoryLoad {
  return {
    name,
    url: report?.url,
    requests: report?.requests,
    entries: report?.entries,
    bytes: report?.bytes,
    milliseconds: report && Math.round(report.milliseconds),
    failure,
    servers,
  };
}
