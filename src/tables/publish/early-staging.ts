import type { Table } from '../columns/table.ts';
import type { Plan, TableAtHand } from '../guard/plan.ts';
import type { TableThreads } from '../threads/table-threads.ts';
import { discardPrepared, type PreparedFiles } from './prepare.ts';
import type { Parts, StagedTable } from './stage.ts';

/** The label of a table's files that come in one step. */
export const WHOLE_STEP = 'new';

interface Begun {
  readonly table: Table;
  readonly parts: Parts;
  readonly since: number;
  /** Undefined where it failed: whoever stages the table meets what is wrong again. */
  readonly staged: Promise<StagedTable | undefined>;
}

interface Preparing {
  readonly files: TableAtHand['files'];
  /** Undefined where it failed, or can't be done: the table is staged without. */
  readonly prepared: Promise<PreparedFiles | undefined>;
}

/**
 * Stages tables as soon as it is known what is to become of them, while other tables are still waiting for their sources; and
 * prepares for that as soon as it is known that something changed.
 */
export class EarlyStaging {
  readonly #threads: TableThreads;
  readonly #begun = new Map<string, Begun>();
  readonly #preparing = new Map<string, Preparing>();
  /** Preparations that are being removed. */
  #removed: Promise<unknown> = Promise.resolve();

  constructor(threads: TableThreads) {
    this.#threads = threads;
  }

  /** Prepares a table that will likely change in some of its entries. Is told of it more than once. */
  prepare({ config: { name }, files, survey, selected }: TableAtHand): void {
    const { published, foreign, datThere, dbmMatches, datDigest, datSum, stamps } = survey;
    if (this.#preparing.has(name) || !selected || published === undefined || foreign !== undefined) return;
    if (!datThere || !dbmMatches || datDigest !== published.digest) return;
    const { digest, size } = published;
    const prepared = this.#threads
      .prepareFiles(files, { digest, sum: datSum, stamps }, size.entries, WHOLE_STEP)
      .catch(() => undefined);
    this.#preparing.set(name, { files, prepared });
  }

  /** Hears of each plan as soon as it is made. */
  planned({ write, config }: Plan): void {
    if (write?.change === undefined) this.#unprepare(config.name);
  }

  begin(plan: Plan): void {
    const { selected, write } = plan;
    if (!selected || write === undefined) return;
    const { table, parts } = write;
    const staged = this.#stage(plan, write).catch(() => undefined);
    this.#begun.set(plan.config.name, { table, parts, since: performance.now(), staged });
  }

  /** What was begun for a plan, if that is still what it wants, its time being the plan's; or what is made of what was prepared. */
  async take(plan: Plan): Promise<StagedTable | undefined> {
    await this.#removed;
    const { name } = plan.config;
    const { write } = plan;
    const begun = this.#begun.get(name);
    if (begun === undefined) {
      const isPrepared = write !== undefined && this.#preparing.has(name);
      return isPrepared ? this.#stage(plan, write) : undefined;
    }
    this.#begun.delete(name);
    plan.milliseconds += performance.now() - begun.since;
    const staged = await begun.staged;
    if (
      write?.table === begun.table &&
      write.parts.dat === begun.parts.dat &&
      write.parts.dbm === begun.parts.dbm
    )
      return staged;
    await staged?.discard();
    return undefined;
  }

  /** Removes what nobody took. */
  async discard(): Promise<void> {
    for (const [name, { staged }] of this.#begun) {
      await (await staged)?.discard();
      this.#begun.delete(name);
    }
    for (const name of this.#preparing.keys()) this.#unprepare(name);
    await this.#removed;
  }

  async #stage(
    { files, config }: Plan,
    { table, parts, change }: Exclude<Plan['write'], undefined>,
  ): Promise<StagedTable> {
    if (change === undefined) this.#unprepare(config.name);
    const prepared = await this.#preparing.get(config.name)?.prepared;
    this.#preparing.delete(config.name);
    await this.#removed;
    return this.#threads.stage(files, table, parts, WHOLE_STEP, change, prepared);
  }

  #unprepare(name: string): void {
    const preparing = this.#preparing.get(name);
    if (preparing === undefined) return;
    this.#preparing.delete(name);
    const { files, prepared } = preparing;
    // A thread that ended on the way removed nothing.
    const removed = prepared.then(() => discardPrepared(files, WHOLE_STEP));
    this.#removed = Promise.all([this.#removed, removed]);
    // Whoever waits for it hears of it; until then the run is busy with something else.
    this.#removed.catch(() => {});
  }
}
