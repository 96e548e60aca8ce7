// The thread of second-thread.ts.
import { parentPort } from 'node:worker_threads';
import { hashShare, writeShare } from '../bdb/share.ts';
import { DbmError } from '../error.ts';
import { LinearMemory } from '../linear-memory.ts';
import { writeRecords } from '../tdb/share.ts';
import { type Answer, type Fault, type Job, type Request, type Result, viewsOf } from './messages.ts';

parentPort?.on('message', (message: Request | 'end') => {
  if (message === 'end') parentPort?.close();
  else parentPort?.postMessage(answer(message));
});

parentPort?.postMessage('ready');

function answer({ job, memories }: Request): Answer {
  try {
    LinearMemory.adopt(viewsOf(job.pairs), memories);
    return { result: done(job) };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

function done(job: Job): Result {
  if (job.kind === 'share') return writeShare(job);
  if (job.kind === 'records') return writeRecords(job);
  hashShare(job);
  return undefined;
}

function faultOf(error: unknown): Fault {
  const isOfFile = error instanceof DbmError;
  return {
    message: isOfFile ? error.reason : error instanceof Error ? error.message : String(error),
    isOfFile,
    offset: isOfFile ? error.offset : undefined,
    code: error instanceof Error && 'code' in error ? String(error.code) : undefined,
    cause: error instanceof Error && error.cause !== undefined ? faultOf(error.cause) : undefined,
  };
}
