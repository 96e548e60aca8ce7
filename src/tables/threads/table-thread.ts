// A thread that works on tables beside the main one: see table-threads.ts.
import { parentPort } from 'node:worker_threads';
import { type Stage, Stopwatch } from './stopwatch.ts';
import { type Job, type JobResult, runJob } from './table-jobs.ts';

/** What a job came to, and where its time went; or how it failed. */
export type Answer =
  | { readonly result: JobResult; readonly stages: readonly Stage[] }
  | { readonly fault: string };

parentPort?.on('message', async (job: Job) => {
  parentPort?.postMessage(await answer(job));
});

async function answer(job: Job): Promise<Answer> {
  try {
    const stopwatch = new Stopwatch();
    const result = await runJob(job, stopwatch);
    return { result, stages: stopwatch.stages };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
