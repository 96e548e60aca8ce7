import { rmSync, statSync } from 'node:fs';
import type { Generations } from '../../state/generations.ts';
import type { Publication, RunJournal } from '../../state/run-journal.ts';
import type { PublishedChanges } from '../../state/run-record.ts';
import type { State } from '../../state/state.ts';
import { fileDigest } from '../columns/digest.ts';
import { merge } from '../columns/merge.ts';
import { pick } from '../columns/pick.ts';
import type { Table } from '../columns/table.ts';
import { systemReason } from '../error.ts';
import { orderSteps, type Step } from '../guard/moves.ts';
import { fail, type Plan } from '../guard/plan.ts';
import { settleMoves } from '../guard/settle-moves.ts';
import { NO_PROVENANCE, type Provenance } from '../mirror/provenance.ts';
import { Stopwatch } from '../threads/stopwatch.ts';
import type { TableThreads } from '../threads/table-threads.ts';
import { type EarlyStaging, WHOLE_STEP } from './early-staging.ts';
import { stampOf, stampsOf } from './files.ts';
import { readKeptText } from './kept-text.ts';
import { ReplacedFiles } from './replaced-files.ts';
import { outcomeOf, publishedChanges, withOrigins } from './run-history.ts';
import { keepCandidate, type Parts, type StagedTable } from './stage.ts';

export interface PublishOptions {
  /** Tells whose entries were published or taken away. */
  readonly provenance?: Provenance;
  /** Nothing is put in place before this has come to its end. */
  readonly ready?: Promise<unknown>;
  /** Gets what is replaced, which it may let go of later; without it, that is waited for. */
  readonly replaced?: ReplacedFiles;
  /** Hears when nothing is left to be written, before anything is put in place. */
  readonly written?: () => void;
  /** Hears how long it took to put everything in place. */
  readonly stopwatch?: Stopwatch;
  /** What was staged before all plans were made. */
  readonly early?: EarlyStaging;
}

/**
 * Carries the plans out: every new file is written and verified beside its place first, then the tables are put in place,
 * one that gains an address before the one that loses it. A table that can't be written fails alone, and those that would
 * lose an address to it wait. What became of each table stands in its plan.
 */
export async function publishPlans(
  plans: readonly Plan[],
  state: State,
  journal: RunJournal,
  threads: TableThreads,
  generations: Generations,
  {
    provenance = NO_PROVENANCE,
    ready,
    replaced,
    written,
    stopwatch = new Stopwatch(),
    early,
  }: PublishOptions = {},
): Promise<void> {
  const files = replaced ?? new ReplacedFiles();
  const publisher = new Publisher(plans, state, journal, threads, generations, provenance, early, files);
  try {
    const staged = publisher.stage();
    // Others do that; it may come before what they have not been given yet.
    const prepared = Promise.resolve(ready).then(() => publisher.prepare());
    await Promise.allSettled([staged, prepared]);
    await staged;
    await prepared;
    written?.();
    await stopwatch.timeAsync('publish', () => publisher.commit());
  } finally {
    await publisher.discard();
    if (replaced === undefined) await files.released();
  }
  for (const plan of plans) {
    if (plan.selected) await attempt(plan, () => settleCandidate(plan));
  }
}

type Write = Exclude<Plan['write'], undefined>;

class Publisher {
  readonly #plans: readonly Plan[];
  readonly #state: State;
  readonly #journal: RunJournal;
  readonly #threads: TableThreads;
  readonly #generations: Generations;
  readonly #provenance: Provenance;
  readonly #early: EarlyStaging | undefined;
  /** What is staged for each step, and from which entries. */
  readonly #staged = new Map<string, { readonly files: StagedTable; readonly table: Table }>();
  /** What changes in tables that are not compared as they are now with anything else. */
  readonly #changes = new Map<Table, PublishedChanges>();
  /** What was published when the last record was made, of tables for which that is not what this run has found. */
  readonly #before = new Map<string, Table>();
  #steps: readonly Step[] = [];
  /** The digests of the `.dat`s that are to be put in place first, by the names of their tables. */
  readonly #intended = new Map<string, string>();
  readonly #replaced: ReplacedFiles;

  constructor(
    plans: readonly Plan[],
    state: State,
    journal: RunJournal,
    threads: TableThreads,
    generations: Generations,
    provenance: Provenance,
    early: EarlyStaging | undefined,
    replaced: ReplacedFiles,
  ) {
    this.#replaced = replaced;
    this.#provenance = provenance;
    this.#early = early;
    this.#plans = plans;
    this.#state = state;
    this.#journal = journal;
    this.#threads = threads;
    this.#generations = generations;
  }

  async stage(): Promise<void> {
    for (let settled = false; !settled; ) {
      const moves = settleMoves(this.#plans);
      const names = this.#plans.filter((plan) => plan.selected && plan.write).map((plan) => plan.config.name);
      this.#steps = orderSteps(names, moves);
      const together = this.#steps.map((step) => onClock(this.#planOf(step), () => this.#stageStep(step)));
      await Promise.allSettled(together);
      settled = true;
      // What several lacked together, room on the disk or memory, one of them may have enough of alone.
      for (const step of this.#steps) {
        const staged = await attempt(this.#planOf(step), () => this.#stageStep(step));
        settled &&= staged;
      }
    }
  }

  /** Finds out whose the entries are that change: while others write, as long as that is done. */
  prepare(): void {
    for (const plan of this.#plans) {
      if (!plan.selected || plan.write?.change === undefined) continue;
      const changes = publishedChanges(plan, plan.write.table, this.#provenance);
      if (changes !== undefined) this.#changes.set(plan.write.table, withOrigins(changes));
    }
  }

  async commit(): Promise<void> {
    for (const plan of this.#plans) {
      const before = plan.selected ? this.#cutShort(plan) : undefined;
      if (before !== undefined) this.#before.set(plan.config.name, before);
    }
    const done: Publication[] = [];
    this.#intend();
    await Promise.all(
      this.#plans.map((plan) => plan.selected && plan.write && this.#keepGeneration(plan, plan.write.table)),
    );
    for (const step of this.#steps) {
      const plan = this.#planOf(step);
      const staged = this.#staged.get(key(step));
      const { write } = plan;
      if (write === undefined || staged === undefined) continue;
      const table = tableOf(step, write.table);
      const isDone = await attempt(plan, async () => {
        if (write.parts.dat && this.#intended.get(step.name) !== table.digest)
          this.#state.intend(new Map([[step.name, table.digest]]));
        this.#intended.delete(step.name);
        staged.files.commit(this.#replaced);
        this.#staged.delete(key(step));
        if (step.keeps.length === 0) done.push(this.#publication(plan, table, write.parts, staged.files));
      });
      if (!isDone) settleMoves(this.#plans, false);
    }
    for (const plan of this.#plans) {
      const { published, verified, datThere, dbmMatches } = plan.survey;
      const sound = published !== undefined && verified && datThere && dbmMatches;
      if (plan.selected && plan.write === undefined && sound)
        await attempt(plan, async () => {
          done.push(this.#publication(plan, published.load(), { dat: false, dbm: false }));
        });
    }
    this.#journal.published(done, [...this.#intended.keys()]);
    // Not before: what frees pages holds up whoever commits.
    this.#replaced.release();
  }

  /** Says of all tables at once what is to become of their `.dat`s. */
  #intend(): void {
    for (const step of this.#steps) {
      const { write } = this.#planOf(step);
      const isStaged = this.#staged.has(key(step));
      if (isStaged && write?.parts.dat === true && !this.#intended.has(step.name))
        this.#intended.set(step.name, tableOf(step, write.table).digest);
    }
    this.#state.intend(this.#intended);
  }

  /** Removes what was staged and not put in place. */
  async discard(): Promise<void> {
    for (const { files } of this.#staged.values()) await files.discard();
    await this.#early?.discard();
  }

  /** Keeps what a publication takes the place of; want of room for it stops nothing. */
  async #keepGeneration({ survey, files, config, notes }: Plan, table: Table): Promise<void> {
    const { foreign, published, datDigest } = survey;
    try {
      if (foreign !== undefined && foreign.table.digest !== table.digest) {
        const { digest } = foreign.table;
        const text = () => foreign.table.text();
        const oldest = await this.#generations.keep(config.name, {
          digest,
          file: undefined,
          since: writtenAt(files.dat),
          text,
        });
        this.#replaced.add(oldest);
      }
      if (published !== undefined && published.digest !== table.digest) {
        const { digest, load } = published;
        const file = foreign === undefined && datDigest === digest ? files.dat : undefined;
        const since = writtenAt(file ?? files.dbm[0].path);
        const text = () => load().text();
        this.#replaced.add(await this.#generations.keep(config.name, { digest, file, since, text }));
      }
    } catch (error) {
      notes.push(`what it was before could not be kept for a rollback: ${systemReason(error)}`);
    }
  }

  async #stageStep(step: Step): Promise<void> {
    const plan = this.#planOf(step);
    const { write } = plan;
    const known = this.#staged.get(key(step));
    if (write === undefined || known?.table === write.table) return;
    // The table waits since it was staged, and only what is new is published of it.
    this.#staged.delete(key(step));
    await known?.files.discard();
    const files =
      step.keeps.length === 0 ? await this.#whole(plan, write) : await this.#interim(step, plan, write);
    this.#staged.set(key(step), { files, table: write.table });
  }

  async #whole(plan: Plan, write: Write): Promise<StagedTable> {
    const { table, parts, change } = write;
    const early = await this.#early?.take(plan);
    return early ?? this.#threads.stage(plan.files, table, parts, WHOLE_STEP, change);
  }

  #interim(step: Step, { files }: Plan, { table, parts }: Write): Promise<StagedTable> {
    return this.#threads.stage(files, tableOf(step, table), parts, 'interim');
  }

  /** What was published before a publication that was cut short before it was recorded, where that was kept. */
  #cutShort({ survey, config: { name } }: Plan): Table | undefined {
    const { digestBefore, published } = survey;
    if (digestBefore === undefined || digestBefore === published?.digest) return undefined;
    try {
      const kept = this.#generations.list(name).find(({ digest }) => digest === digestBefore);
      return kept && readKeptText(kept.path, digestBefore, '');
    } catch {
      // Only the history is the poorer for it.
      return undefined;
    }
  }

  #publication(plan: Plan, table: Table, wrote: Parts, staged?: StagedTable): Publication {
    const { survey, files, config } = plan;
    const digest = table.digest;
    const asText = (survey.foreign?.table.digest ?? survey.published?.digest) === digest;
    const datDigest = wrote.dat || !asText ? digest : (survey.foreign?.digest ?? survey.datDigest ?? digest);
    // The stamp of a file that this run only read is the one from before it was read: what came later is not known.
    const now = stampsOf(files);
    const stamps = { ...survey.stamps };
    if (wrote.dat) stamps[files.dat] = now[files.dat];
    // What a table kept by hand was rolled back from is its `.dat` no more, but somebody else's.
    else if (!asText) delete stamps[files.dat];
    if (wrote.dbm) for (const { path } of files.dbm) stamps[path] = now[path];
    const verifiedBefore = this.#state.published(config.name)?.verifiedAt;
    const record = {
      datDigest,
      digest,
      entries: table.count,
      bytes: table.bytes,
      stamps,
      // Of what was made from files before, most was not looked at, entry by entry, since it was last.
      verifiedAt: (staged?.isPatched && !survey.verified ? verifiedBefore : undefined) ?? Date.now(),
      datSum: wrote.dat ? staged?.datSum : datDigest === survey.datDigest ? survey.datSum : undefined,
    };
    const { name } = config;
    const before = this.#before.get(name);
    if (before === undefined && digest === survey.published?.digest) return { name, record };
    const known = before === undefined ? this.#changes.get(table) : undefined;
    const changes = known ?? publishedChanges(plan, table, this.#provenance, before);
    return { name, record, outcome: outcomeOf(plan), changes };
  }

  #planOf(step: Step): Plan {
    const plan = this.#plans.find(({ config }) => config.name === step.name);
    if (plan === undefined) throw new Error(`no plan for ${step.name}`);
    return plan;
  }
}

function writtenAt(path: string): Date | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtime;
}

/** The table of a step: with the entries that it must still show, when others have yet to take them over. */
function tableOf(step: Step, table: Table): Table {
  if (step.keeps.length === 0) return table;
  const kept = step.keeps.map(({ from, keys }) => ({
    source: step.name,
    pairs: pick(from.difference.before, keys),
  }));
  return merge([{ source: step.name, pairs: table }, ...kept]).table;
}

function key(step: Step): string {
  return `${step.name} ${step.keeps.length}`;
}

/** Keeps a candidate that was not published for review, and removes one that is settled. */
async function settleCandidate(plan: Plan): Promise<void> {
  const madeHere = plan.config.sources.length > 0;
  if (!madeHere || plan.outcome === 'failed') return;
  if (plan.outcome !== 'held' && plan.outcome !== 'pinned') {
    if (!plan.chosen || isCandidate(plan)) rmSync(plan.files.candidate, { force: true });
  } else if (plan.candidate !== undefined) await keepCandidate(plan.files, plan.candidate);
}

/** Whether the candidate that is kept beside the tables is what a person chose. */
function isCandidate({ files, candidate }: Plan): boolean {
  return stampOf(files.candidate) !== undefined && fileDigest(files.candidate) === candidate?.digest;
}

/** Does a part of a plan's work; its error makes the plan, and only it, fail. */
async function attempt(plan: Plan, work: () => Promise<void>): Promise<boolean> {
  try {
    await onClock(plan, work);
    return true;
  } catch (error) {
    fail(plan, error);
    return false;
  }
}

async function onClock<T>(plan: Plan, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    return await work();
  } finally {
    plan.milliseconds += performance.now() - started;
  }
}
