import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Config, DirectorySourceConfig, SourceConfig, TableConfig } from '../../config/config.ts';
import { version as program } from '../../config/version.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import type { DirectoryError } from '../../ldap/error.ts';
import { idText } from '../../ldap/object-id.ts';
import { printableDn } from '../../ldap/printable.ts';
import type { MirrorStore } from '../../state/mirror/store.ts';
import type { Difference } from '../columns/diff.ts';
import type { Contribution } from '../columns/merge.ts';
import type { Tally } from '../columns/tally.ts';
import { SourceError, systemReason } from '../error.ts';
import { isUnreadable, type Sorting } from '../mirror/directory-mirror.ts';
import { MOST_CHANGED_KEYS } from '../mirror/past.ts';
import type { Departure, Origin, Provenance } from '../mirror/provenance.ts';
import { isNoRoom } from '../no-room.ts';
import { settledStampOf } from '../publish/files.ts';
import { sourceName } from '../source-name.ts';
import type { Accounts } from './accounts.ts';
import { readCsv } from './csv.ts';
import { DirectorySource } from './directory.ts';
import type { DirectoryRun } from './directory-run.ts';
import { type Rejection, readDatFile, type SourceEntries } from './file.ts';
import { keyChanges } from './key-changes.ts';
import type { Progress } from './progress.ts';

/** Bytes of a file that are read in about the time in which a directory gathers a page. */
const MAX_AHEAD = 2 * 1024 * 1024;

/** A source that did not give its whole answer; the message names it. */
export type SourceFailure = SourceError | DirectoryError;

/** What the sources of one table gave. */
export interface Collected {
  /** In the order of the configuration, those that failed left out. */
  readonly contributions: readonly Contribution[];
  /** Where among the contributions the first optional source stood that failed. */
  readonly gap: number | undefined;
  readonly rejections: readonly { readonly source: string; readonly rejections: Tally<Rejection> }[];
  /** Needed sources that failed: the table stays as it is. */
  readonly failures: readonly SourceFailure[];
  /** Optional sources that failed: nothing is removed from the table. */
  readonly optionalFailures: readonly SourceFailure[];
}

export interface CollectOptions {
  /** What is known of the directories from earlier runs; undefined where nothing can be remembered. */
  readonly store: MirrorStore | undefined;
  readonly accounts: Accounts;
  /** Ask the directories for everything. */
  readonly full: boolean;
  readonly sorting: Sorting;
  readonly progress?: Progress | undefined;
  /** Hears of every object of a directory that changed, before it is read. */
  readonly noticed?: ((directory: string) => void) | undefined;
}

interface SourceAnswer extends SourceEntries {
  readonly isSorted?: boolean;
  readonly repeated?: Uint32Array | undefined;
}

type FileSource = Exclude<SourceConfig, DirectorySourceConfig>;

interface FileState {
  /** Taken before the file was read; undefined when it can't vouch for the content. */
  readonly stamp: string | undefined;
  /** What reading it gives; undefined as long as nobody has begun. */
  answer: Promise<SourceEntries | SourceFailure> | undefined;
  isFailed: boolean;
}

/**
 * The sources of a run: each directory is asked once, whatever the number of tables that it feeds, and a file is read only for a table
 * that has to be merged. A source that fails is reported with its tables and stops nothing else.
 */
export class Sources implements Provenance {
  readonly #config: Config;
  readonly #store: MirrorStore | undefined;
  readonly #directories: readonly DirectorySource[];
  readonly #files = new Map<FileSource, FileState>();

  constructor(config: Config, options: CollectOptions) {
    this.#config = config;
    this.#store = options.store;
    this.#directories = config.directories.flatMap((directory) => {
      const uses = config.tables.flatMap((table) =>
        table.sources
          .filter(isDirectorySource)
          .filter((source) => source.directory === directory.name)
          .map((source) => ({ table: table.name, source })),
      );
      if (uses.length === 0) return [];
      const { progress, noticed, ...common } = options;
      const { keepHistory: keep } = config;
      return [
        new DirectorySource(directory, uses, {
          ...common,
          keep,
          progress: progress && ((entries) => progress(directory.name, entries)),
          noticed: noticed && (() => noticed(directory.name)),
        }),
      ];
    });
    for (const table of config.tables) {
      for (const source of table.sources) {
        if (isDirectorySource(source)) continue;
        this.#files.set(source, { stamp: settledStampOf(source.path), answer: undefined, isFailed: false });
      }
    }
  }

  /** Asks the directories. */
  async extract(): Promise<void> {
    for (const directory of this.#directories) await directory.extract();
  }

  /** Reads the files of a table ahead of `collect`, while a directory answers. Large ones are left: it would have to wait for us. */
  readAhead(table: TableConfig): void {
    for (const source of table.sources) {
      if (isDirectorySource(source) || !isSmall(source.path)) continue;
      // A fault is for `collect` to throw.
      this.#fileAnswer(source).catch(() => {});
    }
  }

  get directories(): DirectoryRun[] {
    return this.#directories.map((directory) => directory.run);
  }

  /**
   * Names everything that decides over the entries that a table is merged to: as long as it is the same, so are they. Undefined when
   * that can't be vouched for: a source failed, or a file was written only now.
   */
  inputs(table: TableConfig): string | undefined {
    return this.#inputs(table, (source) => this.#input(source));
  }

  /** What `inputs` named before this run learnt of any changes; undefined for a table with other sources than directories. */
  pastInputs(table: TableConfig): string | undefined {
    return this.#inputs(table, (source) => {
      if (!isDirectorySource(source)) return undefined;
      const { directory, use } = this.#directoryOf(source);
      return directory.past?.versions[use];
    });
  }

  #inputs(table: TableConfig, input: (source: SourceConfig) => string | undefined): string | undefined {
    const parts: unknown[] = [program, table.sources];
    for (const source of table.sources) {
      const part = input(source);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  }

  /**
   * Makes sure that what is known of the directories that feed these tables can be read, if need be by asking them for everything.
   *
   * @param changed those among the tables of which `changes` is asked: of what was merged into them, no more is read
   * @returns whether a directory gives something else now than before
   */
  async makeReadable(
    tables: readonly TableConfig[],
    changed: ReadonlySet<TableConfig> = new Set(),
  ): Promise<boolean> {
    const uses = tables.flatMap((table) =>
      table.sources.filter(isDirectorySource).map((source) => ({ table, ...this.#directoryOf(source) })),
    );
    let isAnother = false;
    for (const needed of new Set(uses.map(({ directory }) => directory))) {
      const merged = uses.filter(({ directory, table }) => directory === needed && !changed.has(table));
      const looksUp = (use: number) => !merged.some((each) => each.use === use);
      isAnother = (await needed.makeReadable(looksUp)).isAnother || isAnother;
    }
    return isAnother;
  }

  /**
   * What the changes of this run make of a table that was merged from `pastInputs`, without merging it. Only after `makeReadable`.
   *
   * @returns undefined where it has to be merged
   */
  changes(table: TableConfig): Difference | undefined {
    const uses = table.sources.filter(isDirectorySource).map((source) => this.#directoryOf(source));
    if (uses.length < table.sources.length) return undefined;
    const pasts = uses.flatMap(({ directory: { past }, use }) => (past === undefined ? [] : [{ past, use }]));
    if (pasts.length < uses.length) return undefined;
    const keys = pasts.flatMap(({ past, use }) => past.keys[use]);
    if (keys.length > MOST_CHANGED_KEYS) return undefined;
    return keyChanges(
      keys,
      (key) => pasts.flatMap(({ past, use }) => past.values(use, key)),
      (key) =>
        uses.flatMap(({ directory: { contents }, use }) =>
          contents.claims(use, key).map(({ value }) => value),
        ),
    );
  }

  /** What the sources of a table give, where all are directories. Only after `makeReadable`. @throws SourceError */
  contributions(table: TableConfig): Contribution[] {
    return table.sources.filter(isDirectorySource).map((config) => {
      const { directory, use } = this.#directoryOf(config);
      return { source: sourceName(config), pairs: directory.entries(use).pairs, isSorted: true };
    });
  }

  /** Some of the entries that the sources of a table give, where all are directories: a few at a time, and had for less than all. */
  *someEntries(table: TableConfig): Iterable<Pairs> {
    for (const source of table.sources.filter(isDirectorySource)) {
      const { directory, use } = this.#directoryOf(source);
      yield* directory.someEntries(use);
    }
  }

  /** What the sources of a table can't use, where all are directories. Only after `makeReadable`. */
  rejections(table: TableConfig): Collected['rejections'] {
    return table.sources.filter(isDirectorySource).flatMap((source) => {
      const { directory, use } = this.#directoryOf(source);
      const rejections = directory.rejections(use);
      return rejections.count > 0 ? [{ source: sourceName(source), rejections }] : [];
    });
  }

  /** What the sources of a table give. Only after `makeReadable`. */
  async collect(table: TableConfig): Promise<Collected> {
    const contributions: Contribution[] = [];
    let gap: number | undefined;
    const rejections: { source: string; rejections: Tally<Rejection> }[] = [];
    const failures: SourceFailure[] = [];
    const optionalFailures: SourceFailure[] = [];
    for (const config of table.sources) {
      const answer = await this.#answer(config);
      const source = sourceName(config);
      if (answer instanceof Error) {
        (config.optional ? optionalFailures : failures).push(answer);
        if (config.optional) gap ??= contributions.length;
      } else {
        const { pairs, isSorted = false, repeated } = answer;
        contributions.push({ source, pairs, isSorted, repeated });
        if (answer.rejections.count > 0) rejections.push({ source, rejections: answer.rejections });
      }
    }
    return { contributions, gap, rejections, failures, optionalFailures };
  }

  /**
   * The object of a directory that gives a key to a table. Where a file stands before its directory among the table's sources and
   * has the key too, the entry is the file's all the same.
   */
  origin(table: string, key: Uint8Array): Origin | undefined {
    const sources = this.#config.tables.find(({ name }) => name === table)?.sources ?? [];
    for (const source of sources.filter(isDirectorySource)) {
      const { directory, use } = this.#directoryOf(source);
      const origin = directory.origin(use, key);
      if (origin !== undefined) return origin;
    }
    return undefined;
  }

  departure(table: string, key: Uint8Array): Departure | undefined {
    try {
      const departure = this.#store?.departure(table, key);
      if (departure === undefined) return undefined;
      const { directory, id, idForm, dn, what, seenAt } = departure;
      return { directory, guid: idText(id, idForm), dn: printableDn(dn), what, seenAt };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return undefined;
    }
  }

  /** Makes what was found the truth for the next run. @returns what went wrong with it */
  async commit(): Promise<{ readonly directory: string; readonly error: unknown }[]> {
    const settled = await Promise.allSettled(this.#directories.map((directory) => directory.commit()));
    return settled.flatMap((result, i) =>
      result.status === 'rejected'
        ? [{ directory: this.#directories[i].config.name, error: result.reason }]
        : [],
    );
  }

  close(): void {
    for (const directory of this.#directories) directory.close();
  }

  async #answer(source: SourceConfig): Promise<SourceAnswer | SourceFailure> {
    if (!isDirectorySource(source)) return this.#fileAnswer(source);
    const { directory, use } = this.#directoryOf(source);
    if (directory.failure !== undefined) return directory.failure;
    try {
      return directory.entries(use);
    } catch (error) {
      if (error instanceof SourceError) return error;
      throw error;
    }
  }

  #fileAnswer(source: FileSource): Promise<SourceEntries | SourceFailure> {
    const file = this.#fileOf(source);
    file.answer ??= readFileSource(source).then((answer) => {
      file.isFailed = answer instanceof Error;
      return answer;
    });
    return file.answer;
  }

  #input(source: SourceConfig): string | undefined {
    if (!isDirectorySource(source)) return this.#fileInput(source);
    const { directory, use } = this.#directoryOf(source);
    return directory.version(use);
  }

  #fileInput(source: FileSource): string | undefined {
    const { stamp, answer, isFailed } = this.#fileOf(source);
    if (isFailed) return undefined;
    // Of a file that was read, it is the content of then that counts.
    return answer === undefined || settledStampOf(source.path) === stamp ? stamp : undefined;
  }

  #fileOf(source: FileSource): FileState {
    const file = this.#files.get(source);
    if (file === undefined) throw new Error(`the file ${source.path} is not among those of this run`);
    return file;
  }

  #directoryOf(source: DirectorySourceConfig): { directory: DirectorySource; use: number } {
    for (const directory of this.#directories) {
      const use = directory.uses.findIndex((each) => each.source === source);
      if (use >= 0) return { directory, use };
    }
    throw new Error(`directory ${source.directory} is not among those of this run`);
  }
}

function isDirectorySource(source: SourceConfig): source is DirectorySourceConfig {
  return source.kind === 'directory';
}

function isSmall(path: string): boolean {
  try {
    return statSync(path).size <= MAX_AHEAD;
  } catch {
    return false;
  }
}

async function readFileSource(source: FileSource): Promise<SourceEntries | SourceFailure> {
  try {
    return source.kind === 'csv' ? await readCsv(source) : readDatFile(source.path);
  } catch (error) {
    if (error instanceof SourceError) return error;
    if (isNoRoom(error)) return new SourceError(source.path, systemReason(error), { cause: error });
    throw error;
  }
}
