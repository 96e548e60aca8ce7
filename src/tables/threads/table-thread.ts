// A thread that works on tables beside the main one: see table-threads.ts.
import { parentPort } from 'node:worker_threads';
import { type Done, type Job, runJob } from './table-jobs.ts';

export type Answer = { readonly done: Done } | { readonly fault: string };

parentPort?.on('message', async (job: Job) => {
  parentPort?.postMessage(await answer(job));
});

async function answer(job: Job): Promise<Answer> {
  try {
    return { done: await runJob(job) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
