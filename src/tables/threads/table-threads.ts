import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Pairs } from '../../dbm/pairs.ts';
import type { Stream } from '../../state/mirror/columns.ts';
import { TableTooLargeError } from '../columns/entries.ts';
import { type Contribution, isMerged, type Merged, merge } from '../columns/merge.ts';
import type { Run, RunPlace, SortedRun } from '../columns/runs.ts';
import { Table } from '../columns/table.ts';
import type { Sorting } from '../mirror/directory-mirror.ts';
import { isNoRoom } from '../no-room.ts';
import type { FilesBefore, TableFiles } from '../publish/files.ts';
import type { PreparedFiles } from '../publish/prepare.ts';
import { type Parts, type Rename, StagedTable, type TableChange } from '../publish/stage.ts';
import { type Answer, adoptMemories, memoriesOf, type Request } from './messages.ts';
import { Stopwatch } from './stopwatch.ts';
import {
  type Job,
  type JobResult,
  type PatchJob,
  type PatchResult,
  type PlainFiles,
  runJob,
} from './table-jobs.ts';

/** Smaller tables are done before a thread has its turn. */
const WORTH_A_THREAD = 50_000;
/** A thread more takes as long to begin as to write the half of a smaller one's files. */
const WORTH_TWO_THREADS = 250_000;

/** A fault that a job met in its thread. */
class JobError extends Error {
  override readonly name = 'JobError';
}

/**
 * Works on several large tables at a time, each in a thread of its own; what comes out is the same whatever runs where.
 * Threads exist in the bundled program only: elsewhere, and on one processor, everything is done in the calling thread.
 */
export class TableThreads implements Sorting {
  readonly #stopwatch: Stopwatch;
  readonly #most = import.meta.url.endsWith('.ts') ? 1 : availableParallelism();
  readonly #idle: Worker[] = [];
  readonly #waiting: ((worker: Worker) => void)[] = [];
  #started = 0;
  #isForOne = false;
  /** The runs that are still to be sorted. */
  #sorting: Promise<unknown> = Promise.resolve();

  /** @param stopwatch hears where the time of all jobs goes */
  constructor(stopwatch = new Stopwatch()) {
    this.#stopwatch = stopwatch;
  }

  /** Hears that a run has one table to write: a large one's `.dat` and dbm files are written at a time, each in a thread. */
  expectOne(): void {
    this.#isForOne = true;
  }

  /** Starts the threads ahead of time: a source has given so many entries already. */
  prepare(entries: number): void {
    if (entries < WORTH_A_THREAD) return;
    while (this.#canStart()) this.#release(this.#start());
  }

  /** Starts a thread ahead of time for each of some tables, given by their numbers of entries, that is worth one. */
  prepareTables(tables: readonly number[]): void {
    const wanted = tables.filter((entries) => entries >= WORTH_A_THREAD).length;
    while (this.#started < wanted && this.#canStart()) this.#release(this.#start());
  }

  /**
   * Sorts the entries `[from, to)`, which don't change any more, while others are still coming. One run after the other: whoever
   * sends the entries needs a processor too.
   *
   * @returns undefined where no thread could do it by the way
   */
  sortRun(pairs: Pairs, from: number, to: number, place: RunPlace): Promise<SortedRun> | undefined {
    if (this.#most === 1) return undefined;
    const run = this.#sorting.then(async () => {
      const result = await this.#run({ kind: 'sort', pairs, from, to, place }, to - from);
      if (result.kind !== 'sort') throw new JobError(`asked for a sort, got a ${result.kind}`);
      return result.sorted;
    });
    this.#sorting = run.catch(() => undefined);
    return run;
  }

  /** A stream of a directory in the order of a mirror. @throws JobError, TableTooLargeError */
  async order(stream: Stream, ids: Uint8Array, runs: readonly Run[]): Promise<Stream> {
    const result = await this.#run({ kind: 'order', stream, ids, runs }, stream.count);
    if (result.kind !== 'order') throw new JobError(`asked for an order, got a ${result.kind}`);
    return result.stream;
  }

  /**
   * @param measured whether the table will be compared with another one
   * @throws JobError, TableTooLargeError
   */
  async merge(contributions: readonly Contribution[], measured: boolean): Promise<Merged> {
    if (isMerged(contributions) && !measured) return merge(contributions);
    const entries = contributions.reduce((sum, { pairs }) => sum + pairs.count, 0);
    const result = await this.#run({ kind: 'merge', contributions, measured }, entries);
    if (result.kind !== 'merge') throw new JobError(`asked for a merge, got a ${result.kind}`);
    return { table: Table.of(result.table), conflicts: result.conflicts };
  }

  /**
   * What `stage` can do before it is known what changes in a table.
   *
   * @returns undefined where it is not worth a thread, or the files can't be patched
   * @throws JobError; nothing is left behind then
   */
  async prepareFiles(
    files: TableFiles,
    before: FilesBefore,
    entries: number,
    label: string,
  ): Promise<PreparedFiles | undefined> {
    if (entries < WORTH_A_THREAD) return undefined;
    const job = { kind: 'prepare', files: plain(files), before, label } as const;
    const result = await this.#run(job, entries);
    if (result.kind !== 'prepare') throw new JobError(`asked for a preparation, got a ${result.kind}`);
    return result.prepared;
  }

  /**
   * @param change what the table changes in all of its files, where that is little
   * @param prepared what `prepareFiles` gave for the same label; it is used up, or gone
   * @throws JobError, PublishError, DbmError; nothing is left behind then
   */
  async stage(
    files: TableFiles,
    table: Table,
    parts: Parts,
    label: string,
    change?: TableChange,
    prepared?: PreparedFiles,
  ): Promise<StagedTable> {
    if (change !== undefined) {
      const job = { kind: 'patch', files: plain(files), change, label, prepared } as const;
      const { staged } = await this.#patch(job, table.count);
      if (staged !== undefined) {
        table.learn(staged.measure);
        return new StagedTable(files.dir, staged.renames, staged.datSum);
      }
    }
    const shares = this.#sharesOf(parts, table.count);
    const done = await Promise.allSettled(
      shares.map((share) => this.#stageParts(files, table, share, label)),
    );
    const staged = new StagedTable(
      files.dir,
      done.flatMap((share) => (share.status === 'fulfilled' ? share.value : [])),
    );
    for (const share of done) {
      if (share.status === 'fulfilled') continue;
      await staged.discard();
      throw share.reason;
    }
    return staged;
  }

  /** What each of some threads writes of a table's files. */
  #sharesOf(parts: Parts, entries: number): Parts[] {
    if (!this.#isForOne || !parts.dat || !parts.dbm || entries < WORTH_TWO_THREADS) return [parts];
    return [
      { dat: true, dbm: false },
      { dat: false, dbm: true },
    ];
  }

  async #stageParts(
    files: TableFiles,
    table: Table,
    parts: Parts,
    label: string,
  ): Promise<readonly Rename[]> {
    const job = { kind: 'stage', files: plain(files), table: table.columns(), parts, label } as const;
    const result = await this.#run(job, table.count);
    if (result.kind !== 'stage') throw new JobError(`asked for a staging, got a ${result.kind}`);
    if (result.measure !== undefined) table.learn(result.measure);
    return result.renames;
  }

  async #patch(job: PatchJob, entries: number): Promise<PatchResult> {
    const result = await this.#run(job, entries);
    if (result.kind !== 'patch') throw new JobError(`asked for a patch, got a ${result.kind}`);
    return result;
  }

  async close(): Promise<void> {
    await this.#sorting;
    await Promise.all(this.#idle.map((worker) => worker.terminate()));
  }

  async #run(job: Job, entries: number): Promise<JobResult> {
    if (this.#most === 1 || entries < WORTH_A_THREAD) return runJob(job, this.#stopwatch);
    let worker = await this.#worker();
    try {
      const answer = await ask(worker, job);
      if ('fault' in answer) throw faultOf(answer);
      adoptMemories(answer.result, answer.memories);
      this.#stopwatch.take(answer.stages);
      return answer.result;
    } catch (error) {
      // A thread that ended, of want of memory for one, answers nobody any more: others may be waiting for it.
      if (!(error instanceof JobError) && !isNoRoom(error)) worker = this.#startWorker();
      throw error;
    } finally {
      this.#release(worker);
    }
  }

  #canStart(): boolean {
    return this.#started < this.#most && this.#most > 1;
  }

  #start(): Worker {
    this.#started++;
    return this.#startWorker();
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL('./start-thread.cjs', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    worker.on('error', () => {
      const at = this.#idle.indexOf(worker);
      if (at < 0) return;
      this.#idle.splice(at, 1);
      this.#started--;
    });
    return worker;
  }

  async #worker(): Promise<Worker> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#canStart()) return this.#start();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #release(worker: Worker): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(worker);
    else next(worker);
  }
}

function plain(files: TableFiles): PlainFiles {
  return { ...files, dbm: files.dbm.map(({ path, format }) => ({ path, format: format.name })) };
}

function faultOf(answer: Extract<Answer, { readonly fault: string }>): Error {
  return answer.isNoRoom ? new TableTooLargeError(answer.fault) : new JobError(answer.fault);
}

function ask(worker: Worker, job: Job): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (answer: Answer) => {
      worker.off('error', reject);
      resolve(answer);
    });
    const request: Request = { job, memories: memoriesOf(job) };
    worker.postMessage(request);
  });
}
