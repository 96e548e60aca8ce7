import type { TableConfig } from '../config/config.ts';
import type { Pairs } from '../dbm/pairs.ts';
import type { Difference } from './columns/diff.ts';
import { entryOf } from './columns/entry-of.ts';
import { type Merged, merge } from './columns/merge.ts';
import { pick } from './columns/pick.ts';
import { Table } from './columns/table.ts';
import { textOfEntries } from './dat/text-of-entries.ts';
import type { Survey } from './publish/survey.ts';
import type { Collected, Sources } from './sources/collect.ts';
import type { MergeMemory } from './sources/merge-memory.ts';

/** A table that is published just as its sources gave it, and what this run's changes make of it. */
export interface ChangedTable {
  readonly survey: Survey;
  /** Without the entries. */
  readonly collected: Collected;
  readonly merged: Merged;
}

/**
 * What merging a table's sources would give, found from the keys that changed. Neither its files nor what its sources give
 * are gone through, unless somebody asks for the entries.
 *
 * @returns undefined where the table has to be merged
 */
export function changedTable(
  config: TableConfig,
  survey: Survey,
  memory: MergeMemory,
  sources: Sources,
): ChangedTable | undefined {
  const remembered = memory.recallPast(config, survey);
  const { published, datDigest } = survey;
  // A text that is not the canonical one is not the one that the next is made from.
  if (remembered === undefined || published === undefined || datDigest !== published.digest) return undefined;
  const difference = sources.changes(config);
  if (difference === undefined) return undefined;
  const { before, after, added, removed } = difference;
  const [gone, come] = [textOfEntries(before), textOfEntries(after)];
  if (gone === undefined || come === undefined) return undefined;

  const { digest, size } = published;
  const isSame = before.count + after.count === 0;
  const known = {
    count: size.entries + added.length - removed.length,
    bytes: size.bytes + come.bytes - gone.bytes,
    digest: isSame ? digest : undefined,
  };
  const parts = () => sources.contributions(config);
  const table = Table.later(
    known,
    () => merge(parts()).table,
    function* () {
      // Where somebody looks for one key of many, some of them will do.
      yield* sources.someEntries(config);
      for (const { pairs } of parts()) yield pairs;
    },
  );
  // The file may have been replaced by then.
  const old = Table.later({ count: size.entries, bytes: size.bytes, digest }, () =>
    undone(table, difference),
  );
  const load = (): Table => old;
  return {
    survey: { ...survey, published: { ...published, load }, shown: load },
    collected: {
      contributions: [],
      gap: undefined,
      rejections: sources.rejections(config),
      failures: [],
      optionalFailures: [],
    },
    merged: { table, conflicts: remembered.conflicts, difference },
  };
}

/** The entries of a table as they were before a change. */
function undone(table: Table, { before, after }: Difference): Pairs {
  const kept = new Uint32Array(table.count);
  let count = 0;
  const { pool, keyStart, keyEnd } = table.columns();
  for (let i = 0, next = 0; i < table.count; i++) {
    if (next < after.count && entryOf(after, pool, keyStart[i], keyEnd[i]) === next) next++;
    else kept[count++] = i;
  }
  const source = 'before';
  const { table: all } = merge([
    { source, pairs: before, isSorted: true },
    { source, pairs: pick(table, kept.subarray(0, count)), isSorted: true },
  ]);
  return all;
}
