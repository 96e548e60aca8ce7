import { LinearMemory } from '../../dbm/linear-memory.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import type { Stream } from '../../state/mirror/columns.ts';
import type { Run } from '../columns/runs.ts';
import type { Stage } from './stopwatch.ts';
import type { Job, JobResult } from './table-jobs.ts';

/** A job, as it is posted to a thread. */
export interface Request {
  readonly job: Job;
  readonly memories: readonly unknown[];
}

/** What a job came to, and where its time went; or how it failed. */
export type Answer =
  | { readonly result: JobResult; readonly memories: readonly unknown[]; readonly stages: readonly Stage[] }
  | { readonly fault: string; readonly isNoRoom: boolean };

/** What a message has to say besides, so that its columns are found in their memories. */
export function memoriesOf(content: Job | JobResult): readonly unknown[] {
  return LinearMemory.handlesOf(viewsOf(content));
}

/** Takes what `memoriesOf` gave in another thread. */
export function adoptMemories(content: Job | JobResult, memories: readonly unknown[]): void {
  LinearMemory.adopt(viewsOf(content), memories);
}

function viewsOf(content: Job | JobResult): readonly (Uint8Array | Uint32Array)[] {
  if ('place' in content) return [...columnsOf(content.pairs), ...Object.values(content.place)];
  if ('runs' in content) return [...streamOf(content.stream), ...content.runs.flatMap(partsOf)];
  if ('stream' in content) return streamOf(content.stream);
  if ('contributions' in content) return content.contributions.flatMap(({ pairs }) => columnsOf(pairs));
  return 'table' in content ? columnsOf(content.table) : [];
}

function columnsOf({ pool, keyStart, keyEnd, valueStart, valueEnd }: Pairs): (Uint8Array | Uint32Array)[] {
  return [pool, keyStart, keyEnd, valueStart, valueEnd];
}

function streamOf(stream: Stream): (Uint8Array | Uint32Array)[] {
  return [...columnsOf(stream), stream.object];
}

function partsOf({ order, words }: Run): Uint32Array[] {
  return words === undefined ? [order] : [order, words.numbers];
}
