import type { HashJob, ShareJob, ShareResult } from '../bdb/share.ts';
import type { Pairs } from '../pairs.ts';
import type { RecordsJob, RecordsResult } from '../tdb/share.ts';

/** Part of what a format does to write a table. */
export type Job = HashJob | ShareJob | RecordsJob;
export type Result = ShareResult | RecordsResult | undefined;

/** A job, as it is posted; its columns are found in their memory. */
export interface Request {
  readonly job: Job;
  readonly memories: readonly unknown[];
}

/** An error as another thread can have it. */
export interface Fault {
  readonly message: string;
  /** Whether it is a `DbmError`, of the file that the job is about. */
  readonly isOfFile: boolean;
  readonly offset: number | undefined;
  /** The operating system's. */
  readonly code: string | undefined;
  readonly cause: Fault | undefined;
}

export type Answer = { readonly result: Result } | { readonly fault: Fault };

/** The columns of a table that a message carries. */
export function viewsOf({
  pool,
  keyStart,
  keyEnd,
  valueStart,
  valueEnd,
}: Pairs): (Uint8Array | Uint32Array)[] {
  return [pool, keyStart, keyEnd, valueStart, valueEnd];
}
