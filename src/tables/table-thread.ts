// A thread that works on tables beside the main one: see table-threads.ts.
import { parentPort } from 'node:worker_threads';
import { type Job, type JobResult, runJob } from './table-jobs.ts';

export type Answer = { readonly result: JobResult } | { readonly fault: string };

parentPort?.on('message', async (job: Job) => {
  parentPort?.postMessage(await answer(job));
});

async function answer(job: Job): Promise<Answer> {
  try {
    return { result: await runJob(job) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
