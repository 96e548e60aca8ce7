// A thread that works on tables beside the main one: see table-threads.ts.
import { parentPort } from 'node:worker_threads';
import { isNoRoom } from '../no-room.ts';
import { type Answer, adoptMemories, memoriesOf, type Request } from './messages.ts';
import { Stopwatch } from './stopwatch.ts';
import { runJob } from './table-jobs.ts';

parentPort?.on('message', async (request: Request) => {
  parentPort?.postMessage(await answer(request));
});

async function answer({ job, memories }: Request): Promise<Answer> {
  try {
    adoptMemories(job, memories);
    const stopwatch = new Stopwatch();
    const result = await runJob(job, stopwatch);
    return { result, memories: memoriesOf(result), stages: stopwatch.stages };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { fault, isNoRoom: isNoRoom(error) };
  }
}
