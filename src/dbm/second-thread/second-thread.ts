import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { HashJob, ShareJob, ShareResult } from '../bdb/share.ts';
import { DbmError } from '../error.ts';
import { LinearMemory } from '../linear-memory.ts';
import type { RecordsJob, RecordsResult } from '../tdb/share.ts';
import { type Answer, type Fault, type Job, type Request, type Result, viewsOf } from './messages.ts';

/** Bytes of keys and values from which on a thread saves more time than it takes to start. */
const WORTH_A_THREAD = 1 << 24;

/** A fault that a job met in the other thread, or that ended it. */
class ThreadError extends Error {
  override readonly name = 'ThreadError';
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** A thread that takes half of the work on a table, in the memory that the table is in. */
export class SecondThread {
  readonly #worker: Worker;
  /** Those who wait for an answer, in the order of the jobs. */
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #isReady = false;
  #end: Fault | undefined;

  /** Begins to start it, which takes some hundredths of a second. @param code the bundled thread.ts */
  constructor(code: URL) {
    // What it does needs next to nothing of JavaScript's own memory.
    const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64, stackSizeMb: 1 };
    this.#worker = new Worker(code, { resourceLimits });
    this.#worker.on('message', (answer: 'ready' | Answer) => {
      if (answer === 'ready') this.#isReady = true;
      else this.#waiting.shift()?.(answer);
    });
    this.#worker.on('error', ({ message }) => this.#ended(message));
    this.#worker.on('exit', () => this.#ended('the thread that did half of it has ended'));
  }

  /**
   * For a table of so many bytes, if it is large. There is one in the bundled programs only, and where there is a second processor
   * for it.
   */
  static startFor(bytes: number): SecondThread | undefined {
    if (bytes < WORTH_A_THREAD || import.meta.url.endsWith('.ts') || availableParallelism() === 1) return;
    return new SecondThread(new URL('./second-thread.cjs', import.meta.url));
  }

  /** False as long as waiting for it would take longer than doing without. */
  get isReady(): boolean {
    return this.#isReady && this.#end === undefined;
  }

  /** @param path of the file in the making @throws DbmError when the thread has ended */
  async hash(path: string, job: HashJob): Promise<void> {
    await this.#run(path, job);
  }

  /** @throws DbmError what the job throws, or when the thread has ended */
  async share(path: string, job: ShareJob): Promise<ShareResult> {
    const result = await this.#run(path, job);
    if (result === undefined || 'records' in result) throw notWritten(path);
    return result;
  }

  /** @throws DbmError what the job throws, or when the thread has ended */
  async records(path: string, job: RecordsJob): Promise<RecordsResult> {
    const result = await this.#run(path, job);
    if (result === undefined || !('records' in result)) throw notWritten(path);
    return result;
  }

  /** Lets it end. */
  end(): void {
    this.#worker.unref();
    this.#worker.postMessage('end');
  }

  async #run(path: string, job: Job): Promise<Result> {
    const answer = await new Promise<Answer>((resolve) => {
      if (this.#end !== undefined) resolve({ fault: this.#end });
      this.#waiting.push(resolve);
      const request: Request = { job, memories: LinearMemory.handlesOf(viewsOf(job.pairs)) };
      this.#worker.postMessage(request);
    });
    if ('fault' in answer) throw errorOf(path, answer.fault);
    return answer.result;
  }

  #ended(message: string): void {
    this.#end ??= { message, isOfFile: false, offset: undefined, code: undefined, cause: undefined };
    for (const tell of this.#waiting.splice(0)) tell({ fault: this.#end });
  }
}

/**
 * What another thread's work comes to, and this one does meanwhile: both have come to an end then, whatever they came to.
 *
 * @throws the fault of either
 */
export async function beside<T>(theirs: Promise<T>, own: () => void | Promise<void>): Promise<T> {
  const [they, we] = await Promise.allSettled([theirs, (async () => own())()]);
  if (we.status === 'rejected') throw we.reason;
  if (they.status === 'rejected') throw they.reason;
  return they.value;
}

function notWritten(path: string): DbmError {
  return new DbmError(path, 'cannot write it: half of it was not written');
}

function errorOf(path: string, { message, isOfFile, offset, code, cause }: Fault): DbmError {
  if (!isOfFile)
    return new DbmError(path, `cannot write it: ${message}`, { cause: new ThreadError(message, code) });
  return new DbmError(path, message, {
    ...(offset === undefined ? {} : { offset }),
    cause: cause && new ThreadError(cause.message, cause.code),
  });
}
