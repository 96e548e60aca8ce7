import type { Config, DirectorySourceConfig, SourceConfig, TableConfig } from '../config/config.ts';
import { DirectoryError } from '../ldap/error.ts';
import type { DirectoryReport, ServerLoad } from '../ldap/types.ts';
import type { Accounts } from './accounts.ts';
import { SourceError } from './error.ts';
import type { Contribution } from './merge.ts';
import type { RunSorting } from './runs.ts';
import { readCsv } from './sources/csv.ts';
import { readDirectory } from './sources/directory.ts';
import { type Rejection, readDatFile, type SourceEntries } from './sources/file.ts';
import type { Tally } from './tally.ts';

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

export interface DirectoryRun {
  readonly name: string;
  readonly report: DirectoryReport | undefined;
  readonly failure: SourceFailure | undefined;
  /** What each of its servers was asked for, in vain too. */
  readonly servers: readonly ServerLoad[];
  /** When the password of the bind ends, as far as known. */
  readonly passwordExpires: Date | undefined;
  /** What ends soon. */
  readonly warnings: readonly string[];
}

/** Hears of an extraction while it runs. */
export type Progress = (directory: string, entries: number) => void;

/**
 * Reads every source of the tables: each directory once, whatever the number of tables that it feeds. A source that fails
 * is reported with its tables and stops nothing else.
 */
export async function collect(
  config: Config,
  accounts: Accounts,
  progress?: Progress,
  sorting?: RunSorting,
): Promise<{ tables: Map<TableConfig, Collected>; directories: DirectoryRun[] }> {
  const answers = new Map<SourceConfig, SourceEntries | SourceFailure>();
  const directories: DirectoryRun[] = [];

  for (const directory of config.directories) {
    const sources = config.tables.flatMap((table) =>
      table.sources.filter((source) => isDirectorySource(source) && source.directory === directory.name),
    );
    const asked = sources.filter(isDirectorySource);
    if (asked.length === 0) continue;
    try {
      const onProgress = progress && ((entries: number) => progress(directory.name, entries));
      accounts.admit(directory);
      const askPasswordExpiry = accounts.isLookDue(directory);
      const ask = { progress: onProgress, askPasswordExpiry };
      const { entries, report } = await readDirectory(directory, asked, ask, sorting);
      asked.forEach((source, i) => {
        answers.set(source, entries[i]);
      });
      const { name } = directory;
      const { servers } = report;
      directories.push({
        name,
        report,
        failure: undefined,
        servers,
        ...accounts.answered(directory, report),
      });
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      for (const source of asked) answers.set(source, error);
      accounts.failed(directory, error);
      const { name } = directory;
      const { servers } = error;
      const nothing = { report: undefined, passwordExpires: undefined, warnings: [] };
      directories.push({ name, failure: error, servers, ...nothing });
    }
  }

  for (const table of config.tables) {
    for (const source of table.sources) {
      if (!isDirectorySource(source)) answers.set(source, await readFileSource(source));
    }
  }
  const tables = new Map(config.tables.map((table) => [table, collectedOf(table, answers)]));
  return { tables, directories };
}

/** How reports name a source. */
export function sourceName(source: SourceConfig): string {
  return source.kind === 'directory' ? `directory ${source.directory}` : source.path;
}

function isDirectorySource(source: SourceConfig): source is DirectorySourceConfig {
  return source.kind === 'directory';
}

async function readFileSource(
  source: Exclude<SourceConfig, DirectorySourceConfig>,
): Promise<SourceEntries | SourceFailure> {
  try {
    return source.kind === 'csv' ? await readCsv(source) : readDatFile(source.path);
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
}

function collectedOf(
  table: TableConfig,
  answers: ReadonlyMap<SourceConfig, SourceEntries | SourceFailure>,
): Collected {
  const contributions: Contribution[] = [];
  let gap: number | undefined;
  const rejections: { source: string; rejections: Tally<Rejection> }[] = [];
  const failures: SourceFailure[] = [];
  const optionalFailures: SourceFailure[] = [];
  for (const config of table.sources) {
    const answer = answers.get(config);
    const source = sourceName(config);
    if (answer instanceof Error) {
      (config.optional ? optionalFailures : failures).push(answer);
      if (config.optional) gap ??= contributions.length;
    } else if (answer !== undefined) {
      contributions.push({
        source,
        pairs: answer.pairs,
        runs: answer.runs,
        ties: config.kind === 'directory' ? 'value' : 'first',
      });
      if (answer.rejections.count > 0) rejections.push({ source, rejections: answer.rejections });
    }
  }
  return { contributions, gap, rejections, failures, optionalFailures };
}
