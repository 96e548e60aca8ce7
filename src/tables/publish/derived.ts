import { createHash } from 'node:crypto';
import type { CombinedConfig, Config, DerivedConfig, GraceConfig } from '../../config/config.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { DerivedMemory } from '../../state/derived-memory.ts';
import { History } from '../../state/history.ts';
import type { State } from '../../state/state.ts';
import { EntriesBuilder } from '../columns/entries.ts';
import { merge } from '../columns/merge.ts';
import type { Table } from '../columns/table.ts';
import { PublishError } from '../error.ts';
import { PublishedTables } from '../questions/lookup.ts';
import { TableThreads } from '../threads/table-threads.ts';
import { stampsOf, type TableFiles, tableFiles } from './files.ts';
import { type ChosenFormats, chooseFormats } from './formats.ts';
import { surveyTable } from './survey.ts';

/** What became of a table that is made of others. */
export interface DerivedReport {
  readonly name: string;
  readonly outcome: 'published' | 'unchanged' | 'failed';
  readonly entries: number | undefined;
  readonly message: string | undefined;
}

/**
 * Brings the tables that are made of others up to what those are now, by the way that every publication takes. Nothing is
 * read while they and what they are made of are as they were. To be called under the lock, after a publication.
 *
 * @internal
 */
export async function publishDerived(config: Config, state: State): Promise<DerivedReport[]> {
  if (config.derived.length === 0) return [];
  const deriver = new Deriver(config, await chooseFormats(config), state);
  const reports: DerivedReport[] = [];
  try {
    for (const derived of config.derived) reports.push(await deriver.publish(derived));
  } finally {
    await deriver.close();
  }
  return reports;
}

class Deriver {
  readonly #config: Config;
  readonly #formats: ChosenFormats;
  readonly #state: State;
  readonly #memory: DerivedMemory;
  readonly #threads = new TableThreads();

  constructor(config: Config, formats: ChosenFormats, state: State) {
    this.#config = config;
    this.#formats = formats;
    this.#state = state;
    this.#memory = new DerivedMemory(config.stateDir);
  }

  async publish(derived: DerivedConfig): Promise<DerivedReport> {
    const { name } = derived;
    try {
      const files = this.#filesOf(derived);
      const made = derived.kind === 'combined' ? this.#combined(derived) : await this.#grace(derived);
      const known = this.#memory.get(name);
      if (known?.inputs === made.inputs && sameStamps(known.stamps, stampsOf(files), files)) {
        return { name, outcome: 'unchanged', entries: known.entries, message: undefined };
      }
      const table = made.table();
      const staged = await this.#threads.stage(files, table, { dat: true, dbm: true }, 'new');
      staged.commit();
      this.#memory.set(name, { inputs: made.inputs, stamps: stampsOf(files), entries: table.count });
      return { name, outcome: 'published', entries: table.count, message: undefined };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { name, outcome: 'failed', entries: undefined, message };
    }
  }

  async close(): Promise<void> {
    await this.#threads.close();
  }

  /** @throws PublishError when one of the tables is not published: without it, mail would be refused */
  #combined({ tables }: CombinedConfig): { inputs: string; table: () => Table } {
    const digests = tables.map((name) => `${name} ${this.#digestOf(name)}`);
    return {
      inputs: digestOf(['combined', ...digests]),
      table: () =>
        merge(
          tables.map((name) => ({
            source: name,
            pairs: prefixed(this.#load(name), `${name} `),
            isSorted: true,
            standsIn: true,
          })),
        ).table,
    };
  }

  /** What went and is in no table now. What somebody keeps out on purpose has no grace. */
  async #grace({ tables, keep }: GraceConfig): Promise<{ inputs: string; table: () => Table }> {
    const history = History.open(this.#config.stateDir);
    const published = await PublishedTables.open(this.#config);
    try {
      const lines: { key: Uint8Array; value: Uint8Array }[] = [];
      for (const { key, table, run } of history.removedSince(new Date(Date.now() - keep), tables)) {
        if (run.command === 'suppress' || published.find(key).length > 0) continue;
        lines.push({ key, value: Buffer.from(`${table} ${run.startedAt.toISOString()}`) });
      }
      const builder = new EntriesBuilder(lines.length, lines.length * 64);
      for (const { key, value } of lines) builder.add(key, 0, key.length, value, 0, value.length);
      const pairs = builder.finish();
      const { table } = merge([{ source: 'grace', pairs, standsIn: true }]);
      return { inputs: digestOf(['grace', table.digest]), table: () => table };
    } finally {
      published.close();
      history.close();
    }
  }

  #digestOf(name: string): string {
    const digest = this.#state.published(name)?.digest;
    if (digest !== undefined) return digest;
    throw new PublishError(name, 'nothing of it is published yet, so nothing can be made of it');
  }

  #load(name: string): Table {
    const table = this.#config.tables.find((each) => each.name === name);
    if (table === undefined) throw new PublishError(name, 'there is no such table');
    const files = tableFiles(this.#config.tablesDir, name, this.#formats.of(table));
    const { published } = surveyTable(files, name, this.#state);
    if (published === undefined || published.digest !== this.#state.published(name)?.digest) {
      throw new PublishError(name, 'it is not as it was published; the next run mends it');
    }
    return published.load();
  }

  #filesOf(derived: DerivedConfig): TableFiles {
    return tableFiles(this.#config.tablesDir, derived.name, this.#formats.of(derived));
  }
}

/** The same keys, with a text in front of each value. */
function prefixed({ count, pool, keyStart, keyEnd, valueStart, valueEnd }: Pairs, prefix: string): Pairs {
  const builder = new EntriesBuilder(count, pool.length + count * prefix.length);
  let value = Buffer.alloc(1024);
  const front = value.write(prefix, 'latin1');
  for (let i = 0; i < count; i++) {
    const length = valueEnd[i] - valueStart[i];
    if (front + length > value.length) value = Buffer.concat([value, Buffer.alloc(length)]);
    for (let at = 0; at < length; at++) value[front + at] = pool[valueStart[i] + at];
    builder.add(pool, keyStart[i], keyEnd[i], value, 0, front + length);
  }
  return builder.finish();
}

function digestOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

function sameStamps(
  known: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
  files: TableFiles,
): boolean {
  return [files.dat, ...files.dbm.map(({ path }) => path)].every(
    (path) => now[path] !== undefined && now[path] === known[path],
  );
}
