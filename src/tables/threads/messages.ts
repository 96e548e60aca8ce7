import { LinearMemory } from '../../dbm/linear-memory.ts';
import type { Pairs } from '../../dbm/pairs.ts';
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
  | { readonly fault: string };

/** What a message has to say besides, so that its columns are found in their memories. */
export function memoriesOf(content: Job | JobResult): readonly unknown[] {
  return LinearMemory.handlesOf(viewsOf(content));
}

/** Takes what `memoriesOf` gave in another thread. */
export function adoptMemories(content: Job | JobResult, memories: readonly unknown[]): void {
  LinearMemory.adopt(viewsOf(content), memories);
}

function viewsOf(content: Job | JobResult): (Uint8Array | Uint32Array)[] {
  return tablesOf(content).flatMap(({ pool, keyStart, keyEnd, valueStart, valueEnd }) => [
    pool,
    keyStart,
    keyEnd,
    valueStart,
    valueEnd,
  ]);
}

function tablesOf(content: Job | JobResult): readonly Pairs[] {
  if ('pairs' in content) return [content.pairs];
  if ('stream' in content) return [content.stream];
  if ('contributions' in content) return content.contributions.map(({ pairs }) => pairs);
  return 'table' in content ? [content.table] : [];
}
