import { createHash } from 'node:crypto';
import type { CrossChecksConfig, TableConfig } from '../../../config/config.ts';
import { placeholders } from '../../../config/template.ts';
import { DbmError } from '../../../dbm/error.ts';
import type { DbmFile } from '../../../dbm/format.ts';
import type { Pairs } from '../../../dbm/pairs.ts';
import { diff, isSame } from '../../columns/diff.ts';
import { entryOf, valueIn } from '../../columns/entry-of.ts';
import { NO_ENTRIES } from '../../columns/no-entries.ts';
import { pick } from '../../columns/pick.ts';
import type { TableFiles } from '../../publish/files.ts';
import type { Plan } from '../plan.ts';
import { type CrossFinding, crossCheckNew, type Novelty, type TableView } from './cross-checks.ts';

/**
 * What the run would bring that is not right between the tables. Tables for which the configuration says so are held for
 * it; a run in which nothing changes looks at nothing.
 *
 * @returns what is only to be told
 */
export function crossCheckPlans(
  plans: readonly Plan[],
  config: CrossChecksConfig,
  force: boolean,
): CrossFinding[] {
  const writing = plans.filter(({ selected, write }) => selected && write !== undefined);
  if (writing.length === 0 || Object.values(config.modes).every((mode) => mode === 'off')) return [];
  const files: DbmFile[] = [];
  try {
    const views = plans.map((plan) => viewOfPlan(plan, config, files));
    const novelties = writing.flatMap((plan) => noveltyOf(plan, views[plans.indexOf(plan)]));
    if (novelties.length === 0) return [];
    return crossCheckNew(views, novelties).filter((finding) => {
      const mode = config.modes[finding.check];
      const plan = plans.find(({ config: { name } }) => name === finding.table);
      if (mode === 'hold' && plan?.outcome === 'published' && !force) hold(plan, finding);
      else if (mode === 'hold' && plan?.outcome === 'held') hold(plan, finding);
      else return mode !== 'off';
      return false;
    });
  } finally {
    for (const file of files) file.close();
  }
}

/** What a table is to the others. */
export function roleOf(
  table: TableConfig,
  config: CrossChecksConfig,
): Pick<TableView, 'role' | 'pointsAtItself'> {
  const role =
    table.name === config.localDomains
      ? 'domains'
      : config.lists.includes(table.name)
        ? 'lists'
        : 'addresses';
  const hasPrimary = table.sources.some(
    (source) =>
      source.kind === 'directory' &&
      placeholders(source.value).some((name) => name === 'primary' || name === 'address'),
  );
  const pointsAtItself = hasPrimary || table.name === 'exch_table';
  return { role, pointsAtItself };
}

/** Finds single keys of a table that is not in memory in the file that Exim reads. */
function lookupIn(
  { dbm: [{ path, format }] }: TableFiles,
  open: DbmFile[],
  columns: () => Pairs,
): TableView['get'] {
  let file: DbmFile | undefined;
  return (bytes, start, end) => {
    const key = bytes.subarray(start, end);
    try {
      if (file === undefined) {
        file = format.open(path);
        open.push(file);
      }
      return file.get(key);
    } catch (error) {
      if (!(error instanceof DbmError)) throw error;
      return valueIn(columns(), key);
    }
  };
}

function viewOfPlan(
  { config: table, files, write, survey }: Plan,
  config: CrossChecksConfig,
  open: DbmFile[],
): TableView {
  const columns = (): Pairs => write?.table ?? survey.shown() ?? NO_ENTRIES;
  const keys = write && (() => write.table.keys());
  const inFile = lookupIn(files, open, columns);
  const get: TableView['get'] = (bytes, start, end) => {
    if (write === undefined) return inFile(bytes, start, end);
    const key = bytes.subarray(start, end);
    const { change } = write;
    if (change === undefined) return valueIn(write.table, key);
    return (
      valueIn(change.come, key) ?? (entryOf(change.gone, key) < 0 ? inFile(bytes, start, end) : undefined)
    );
  };
  return { name: table.name, ...roleOf(table, config), columns, keys, get };
}

function noveltyOf(plan: Plan, view: TableView): Novelty[] {
  const { write, candidate, base, survey } = plan;
  if (write === undefined) return [];
  const same = write.table === candidate && base === survey.published;
  // The digest of a table that is published for the first time is not known yet.
  const isShown = !same && survey.published !== undefined && write.table.digest === survey.published.digest;
  if (isShown) return [];
  const difference = same ? plan.difference : diff(survey.published?.load() ?? NO_ENTRIES, write.table);
  if (isSame(difference)) return [];
  const { before, after, added, changedAfter: changed, removed } = difference;
  return [{ view, entries: after, added, changed, gone: pick(before, removed) }];
}

function hold(plan: Plan, { message, count, examples, check }: CrossFinding): void {
  plan.outcome = 'held';
  plan.findings = [...plan.findings, { rule: 'cross-check', message, count, limit: check, examples }];
  plan.findingsKey = createHash('sha256').update(`${plan.findingsKey}\n${message}`).digest('hex');
  if (plan.config.sources.length === 0 && plan.candidate !== undefined)
    plan.heldFile = { table: plan.candidate, difference: plan.difference };
  plan.write = undefined;
}
