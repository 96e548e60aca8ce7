import type { Table } from '../columns/table.ts';
import type { Plan } from '../guard/plan.ts';
import type { TableThreads } from '../threads/table-threads.ts';
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

/** Stages tables as soon as it is known what is to become of them, while other tables are still waiting for their sources. */
export class EarlyStaging {
  readonly #threads: TableThreads;
  readonly #begun = new Map<string, Begun>();

  constructor(threads: TableThreads) {
    this.#threads = threads;
  }

  begin({ selected, write, files, config }: Plan): void {
    if (!selected || write === undefined) return;
    const { table, parts, change } = write;
    const staged = this.#threads.stage(files, table, parts, WHOLE_STEP, change).catch(() => undefined);
    this.#begun.set(config.name, { table, parts, since: performance.now(), staged });
  }

  /** What was begun for a plan, if that is still what it wants. Its time is the plan's. */
  async take(plan: Plan): Promise<StagedTable | undefined> {
    const begun = this.#begun.get(plan.config.name);
    if (begun === undefined) return undefined;
    this.#begun.delete(plan.config.name);
    plan.milliseconds += performance.now() - begun.since;
    const staged = await begun.staged;
    const { table, parts } = plan.write ?? {};
    if (table === begun.table && parts?.dat === begun.parts.dat && parts.dbm === begun.parts.dbm)
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
  }
}
