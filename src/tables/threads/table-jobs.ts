import type { FormatName } from '../../dbm/format.ts';
import { formats } from '../../dbm/index.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import type { Stream } from '../../state/mirror/columns.ts';
import { type Conflict, type Contribution, merge } from '../columns/merge.ts';
import { type Run, type RunPlace, type SortedRun, sortRun } from '../columns/runs.ts';
import { type Columns, type Measure, Table } from '../columns/table.ts';
import type { Listing } from '../columns/tally.ts';
import { sortStream } from '../mirror/stream.ts';
import type { FilesBefore, TableFiles } from '../publish/files.ts';
import { type PreparedFiles, prepareFiles } from '../publish/prepare.ts';
import {
  type Parts,
  type Rename,
  type StagedPatch,
  stage,
  stagePatched,
  type TableChange,
} from '../publish/stage.ts';
import type { Stopwatch } from './stopwatch.ts';

/** Work on one table, as data that crosses between threads: columns go without a copy. */
export type Job = SortJob | OrderJob | MergeJob | StageJob | PrepareJob | PatchJob;

export interface SortJob {
  readonly kind: 'sort';
  readonly pairs: Pairs;
  readonly from: number;
  readonly to: number;
  readonly place: RunPlace;
}

/** Puts what a directory gave into the order of a mirror. */
export interface OrderJob {
  readonly kind: 'order';
  readonly stream: Stream;
  readonly ids: Uint8Array;
  readonly runs: readonly Run[];
}

export interface MergeJob {
  readonly kind: 'merge';
  readonly contributions: readonly Contribution[];
  /** Whether the table is to be compared with another one: its text is measured there and then. */
  readonly measured: boolean;
}

/** A table's files, their formats by name. */
export type PlainFiles = Omit<TableFiles, 'dbm'> & {
  readonly dbm: readonly { readonly path: string; readonly format: FormatName }[];
};

/** Prepares a table's files for a patch. */
export interface PrepareJob {
  readonly kind: 'prepare';
  readonly files: PlainFiles;
  readonly before: FilesBefore;
  readonly label: string;
}

/** Makes a table's files from those that are there. */
export interface PatchJob {
  readonly kind: 'patch';
  readonly files: PlainFiles;
  readonly change: TableChange;
  readonly label: string;
  readonly prepared: PreparedFiles | undefined;
}

export interface StageJob {
  readonly kind: 'stage';
  readonly files: PlainFiles;
  readonly table: Columns;
  readonly parts: Parts;
  readonly label: string;
}

export type JobResult = SortResult | OrderResult | MergeResult | StageResult | PrepareResult | PatchResult;

export interface SortResult {
  readonly kind: 'sort';
  readonly sorted: SortedRun;
}

export interface OrderResult {
  readonly kind: 'order';
  readonly stream: Stream;
}

export interface MergeResult {
  readonly kind: 'merge';
  readonly table: Columns;
  readonly conflicts: Listing<Conflict>;
}

export interface StageResult {
  readonly kind: 'stage';
  readonly renames: readonly Rename[];
  /** What writing the text came to. */
  readonly measure: Measure | undefined;
}

export interface PrepareResult {
  readonly kind: 'prepare';
  /** Undefined when the files can't be patched. */
  readonly prepared: PreparedFiles | undefined;
}

export interface PatchResult {
  readonly kind: 'patch';
  /** Undefined when the files have to be written whole. */
  readonly staged: StagedPatch | undefined;
}

/**
 * Does a job, in whichever thread it is called.
 *
 * @param stopwatch this thread's
 * @throws what `merge`, `stage` and `prepareFiles` throw
 */
export async function runJob(job: Job, stopwatch: Stopwatch): Promise<JobResult> {
  switch (job.kind) {
    case 'sort': {
      const { pairs, from, to, place } = job;
      const { repeats, words } = stopwatch.time('sort', () => sortRun(pairs, from, to, place));
      return { kind: 'sort', sorted: { repeats, depth: words?.depth ?? 0 } };
    }
    case 'order': {
      const { stream, ids, runs } = job;
      return { kind: 'order', stream: stopwatch.time('sort', () => sortStream(stream, ids, runs)) };
    }
    case 'merge':
      return stopwatch.time('merge', () => mergeResult(job));
    case 'stage': {
      const table = Table.of(job.table);
      const renames = await stage(filesOf(job.files), table, job.parts, job.label, stopwatch);
      return { kind: 'stage', renames, measure: table.columns().measure };
    }
    case 'prepare': {
      const { files, before, label } = job;
      const prepared = await prepareFiles(filesOf(files), before, label, stopwatch);
      return { kind: 'prepare', prepared };
    }
    case 'patch': {
      const { files, change, label, prepared } = job;
      const staged = await stagePatched(filesOf(files), change, label, stopwatch, prepared);
      return { kind: 'patch', staged };
    }
  }
}

function filesOf(files: PlainFiles): TableFiles {
  return { ...files, dbm: files.dbm.map(({ path, format }) => ({ path, format: formats[format] })) };
}

function mergeResult({ contributions, measured }: MergeJob): MergeResult {
  const { table, conflicts } = merge(contributions);
  const { count, examples } = conflicts;
  if (measured) table.measure();
  return { kind: 'merge', table: table.columns(), conflicts: { count, examples } };
}
