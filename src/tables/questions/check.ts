import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type {
  Config,
  DerivedConfig,
  DirectoryConfig,
  DirectorySourceConfig,
  SourceConfig,
  TableConfig,
} from '../../config/config.ts';
import { printableText } from '../../config/printable.ts';
import { DbmError } from '../../dbm/error.ts';
import type { Format } from '../../dbm/format.ts';
import { DirectoryError } from '../../ldap/error.ts';
import { type Probe, probe } from '../../ldap/probe.ts';
import type { DeltaKind } from '../../ldap/types.ts';
import { AccountMemory } from '../../state/account-memory.ts';
import { StateError } from '../../state/error.ts';
import { Overrides } from '../../state/overrides.ts';
import { State } from '../../state/state.ts';
import { SourceError, systemReason } from '../error.ts';
import { crossCheckPublished } from '../guard/cross-checks/published.ts';
import { unprotecting } from '../guard/domain-findings.ts';
import { EximError } from '../publish/exim.ts';
import { stampOf, type TableFiles, tableFiles } from '../publish/files.ts';
import { type ChosenFormats, chooseFormats } from '../publish/formats.ts';
import { type Survey, surveyTable } from '../publish/survey.ts';
import { Accounts, endings } from '../sources/accounts.ts';
import { readCsv } from '../sources/csv.ts';
import { readDatFile } from '../sources/file.ts';

/** One thing that was looked at. */
export interface Observation {
  readonly subject: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** For a problem: whether a source, this machine or the configuration is to blame. */
  readonly cause?: 'source' | 'machine' | 'configuration';
}

/**
 * Looks at everything that a run needs: Exim's dbm library, the rights on every path, the sources, each directory by a bind
 * and a search for one entry; and reads the published files whole. Writes nothing.
 */
export async function* check(config: Config): AsyncGenerator<Observation> {
  let formats: ChosenFormats | undefined;
  try {
    formats = await chooseFormats(config);
    yield describeFormats(config, formats);
  } catch (error) {
    if (!(error instanceof EximError)) throw error;
    yield { subject: 'format', verdict: 'problem', message: error.message, cause: 'configuration' };
  }
  yield checkFolder('tables_dir', config.tablesDir);
  yield existsSync(config.stateDir)
    ? checkFolder('state_dir', config.stateDir)
    : checkFolder('state_dir (to be made)', dirname(config.stateDir));

  const state = State.peek(config.stateDir);
  const surveys: Surveys = new Map();
  try {
    for (const table of config.tables)
      yield* checkTable(config, table, formats?.of(table) ?? [], state, surveys);
  } finally {
    state?.close();
  }
  yield* checkAcross(config, surveys);
  for (const derived of config.derived) yield checkDerived(config, derived, formats);
  yield* checkOverrides(config);
  const accounts = new Accounts(undefined, false);
  for (const directory of config.directories) yield* checkDirectory(config, directory, accounts);
}

function describeFormats(config: Config, { of, auto }: ChosenFormats): Observation {
  const subject = 'format';
  const names = new Set(config.tables.flatMap((table) => of(table).map(({ name }) => name)));
  const written = `tables are written as ${[...names].join(', ')}`;
  if (auto === undefined) return { subject, verdict: 'ok', message: `${written}, as configured` };
  if (auto.warning !== undefined) return { subject, verdict: 'warning', message: auto.warning };
  return { subject, verdict: 'ok', message: `${written}, since ${config.exim} says "${auto.line}"` };
}

function checkFolder(subject: string, path: string): Observation {
  const fault = accessFault(path, constants.R_OK | constants.W_OK | constants.X_OK);
  if (fault === undefined) return { subject, verdict: 'ok', message: `${path} can be written to` };
  const message = `${path} can't be written to by this user: ${fault}`;
  return { subject, verdict: 'problem', message, cause: 'machine' };
}

async function* checkTable(
  config: Config,
  table: TableConfig,
  formats: readonly Format[],
  state: State | undefined,
  surveys: Surveys,
): AsyncGenerator<Observation> {
  const subject = `table ${table.name}`;
  const files = tableFiles(config.tablesDir, table.name, formats);
  try {
    const found = surveyTable(files, table.name, state, true);
    surveys.set(table.name, { files, survey: found });
    yield describeSurvey(table, files.dat, found);
    const absent = found.published === undefined ? [] : unprotecting(table.guard, found.published.load());
    if (absent.length > 0) {
      const message = `protected, but not in the table: ${absent.map(printableText).join(', ')}; is it mistyped?`;
      yield { subject, verdict: 'warning', message };
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    yield { subject, verdict: 'problem', message, cause: 'machine' };
  }
  if (stampOf(files.candidate) !== undefined && table.sources.length > 0) {
    const message = `${files.candidate} was not published: mailhub-tables review ${table.name} shows why`;
    yield { subject, verdict: 'warning', message };
  }
  if (formats.length > 0) yield* checkLeftovers(config, table, formats);
  for (const source of table.sources) {
    if (source.kind !== 'directory') yield await checkSourceFile(subject, source);
  }
}

/** A table that is made of others. */
function checkDerived(
  config: Config,
  derived: DerivedConfig,
  formats: ChosenFormats | undefined,
): Observation {
  const subject = `table ${derived.name}`;
  const files = formats && tableFiles(config.tablesDir, derived.name, formats.of(derived));
  if (files === undefined || stampOf(files.dat) === undefined)
    return { subject, verdict: 'warning', message: 'nothing is published yet' };
  try {
    for (const { path, format } of files.dbm) {
      const file = format.open(path);
      try {
        file.verify();
      } finally {
        file.close();
      }
    }
    return { subject, verdict: 'ok', message: `made of ${derived.tables.join(', ')}; the dbm file is sound` };
  } catch (error) {
    if (!(error instanceof DbmError)) throw error;
    return {
      subject,
      verdict: 'problem',
      message: `${error.message}: the next run rebuilds it`,
      cause: 'machine',
    };
  }
}

function* checkOverrides({ stateDir }: Config): Generator<Observation> {
  const subject = 'overrides';
  try {
    const { length } = new Overrides(stateDir).list();
    if (length > 0)
      yield { subject, verdict: 'ok', message: `${length} addresses are routed by hand or kept out` };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    yield { subject, verdict: 'problem', message: error.message, cause: 'machine' };
  }
}

type Surveys = Map<string, { readonly files: TableFiles; readonly survey: Survey }>;

function* checkAcross(config: Config, surveys: Surveys): Generator<Observation> {
  const subject = 'the tables together';
  const findings = crossCheckPublished(config, surveys);
  for (const { table, message } of findings) {
    yield { subject, verdict: 'warning', message: `${table}: ${message}` };
  }
  if (findings.length > 0) return;
  yield {
    subject,
    verdict: 'ok',
    message: 'the cross-checks that are asked for find nothing',
  };
}

function describeSurvey(table: TableConfig, dat: string, found: Survey): Observation {
  const subject = `table ${table.name}`;
  const { published, foreign, dbmMatches, notes } = found;
  if (table.sources.length === 0 && !found.datThere) {
    return {
      subject,
      verdict: 'problem',
      message: `kept by hand, and ${dat} does not exist`,
      cause: 'source',
    };
  }
  if (foreign !== undefined) {
    const judged = 'a run publishes it if it passes the guard, and holds it otherwise';
    const message = `${[...notes, `${dat}, which somebody else wrote, differs from the dbm file`].join('; ')}: ${judged}`;
    return { subject, verdict: 'warning', message };
  }
  if (published === undefined && found.lostSize !== undefined) {
    return { subject, verdict: 'problem', message: notes.join('; '), cause: 'machine' };
  }
  if (published === undefined) return { subject, verdict: 'warning', message: 'nothing is published yet' };
  if (!dbmMatches) {
    const message = `${[...notes, 'Exim may find nothing in it'].join('; ')}: the next run rebuilds it`;
    return { subject, verdict: 'problem', message, cause: 'machine' };
  }
  if (notes.length > 0) return { subject, verdict: 'warning', message: notes.join('; ') };
  const message = `${published.size.entries} entries; the dbm file is sound and answers for each of them`;
  return { subject, verdict: 'ok', message };
}

async function checkSourceFile(
  subject: string,
  source: Exclude<SourceConfig, DirectorySourceConfig>,
): Promise<Observation> {
  try {
    const { pairs, rejections } = source.kind === 'csv' ? await readCsv(source) : readDatFile(source.path);
    const rejected = rejections.count === 0 ? '' : `, ${rejections.count} rejected`;
    return { subject, verdict: 'ok', message: `${source.path} gives ${pairs.count} entries${rejected}` };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    if (source.optional) return { subject, verdict: 'warning', message: error.message };
    return { subject, verdict: 'problem', message: error.message, cause: 'source' };
  }
}

/** Files that a format of before has left: whatever reads them gets old answers for ever. */
function* checkLeftovers(
  config: Config,
  table: TableConfig,
  formats: readonly Format[],
): Generator<Observation> {
  const written = tableFiles(config.tablesDir, table.name, formats).dbm.map(({ path }) => path);
  for (const suffix of ['', '.cdb', '.lmdb', '.sqlite']) {
    const path = join(config.tablesDir, table.name + suffix);
    if (written.includes(path) || stampOf(path) === undefined) continue;
    const message = `${path} is not written any more, as its format is not named: remove it, or name the format`;
    yield { subject: `table ${table.name}`, verdict: 'warning', message };
  }
}

function accessFault(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    return systemReason(error);
  }
}

async function* checkDirectory(
  config: Config,
  directory: DirectoryConfig,
  accounts: Accounts,
): AsyncGenerator<Observation> {
  const subject = `directory ${directory.name}`;
  const uses = config.tables.flatMap(({ name, sources }) =>
    sources.flatMap((source) =>
      source.kind === 'directory' && source.directory === directory.name ? [{ name, source }] : [],
    ),
  );
  if (uses.length === 0) {
    yield { subject, verdict: 'warning', message: 'no table takes anything from it' };
    return;
  }
  const filters = uses.map(({ source }) => source.filter);
  const failures: DirectoryError[] = [];
  let isAnswered = false;
  // Each of them: the one that is asked when the first fails is worth nothing if it fails too.
  for (const url of directory.urls) {
    const server = { ...directory, urls: [url] };
    try {
      accounts.admit(directory);
      const found = await probe(server, filters);
      yield {
        subject,
        verdict: found.hasRecipients ? 'ok' : 'warning',
        message: describeProbe(found, directory),
      };
      if (found.delta?.deletionsSeen === false) {
        yield {
          subject,
          verdict: 'warning',
          message: deletionsUnseen(found.delta.kind, bindName(directory)),
        };
      }
      for (const message of endings(directory, found)) {
        yield { subject, verdict: 'warning', message: message.replace(`${subject}: `, '') };
      }
      if (isAnswered) continue;
      isAnswered = true;
      const refused = refusalThatStands(config, directory);
      if (refused !== undefined) yield { subject, verdict: 'warning', message: refused };
      for (const { name, source } of found.hasRecipients ? uses : []) {
        if ((await probe(server, [source.filter])).hasRecipients) continue;
        const message = `the filter ${source.filter} finds nothing: a mistyped attribute looks like that`;
        yield { subject: `table ${name}`, verdict: 'warning', message };
      }
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      accounts.failed(directory, error);
      failures.push(error);
      if (!error.isServersOwn && error.fault !== 'tls') break;
    }
  }
  for (const error of failures) {
    const message = error.message.replace(`${subject}: `, '');
    // One that merely does not answer is passed over by a run.
    if (isAnswered && error.isServersOwn) yield { subject, verdict: 'warning', message };
    else
      yield { subject, verdict: 'problem', message, cause: error.fault === 'memory' ? 'machine' : 'source' };
  }
}

const MECHANISMS = {
  dirsync: 'DirSync',
  syncrepl: 'content synchronisation',
  timestamp: 'times of modification',
} as const;

/** The password is good, and no run will try it, because it was refused before. */
function refusalThatStands(config: Config, directory: DirectoryConfig): string | undefined {
  try {
    new Accounts(new AccountMemory(config.stateDir), false).admit(directory);
    return undefined;
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    return `it takes the password now, and yet no run will try it: ${error.problem}`;
  }
}

function bindName({ bindDn }: DirectoryConfig): string {
  return bindDn ?? 'an anonymous account';
}

/** Why objects that are gone stay in the tables until everything is read again, and what would change that. */
function deletionsUnseen(kind: DeltaKind, account: string): string {
  const waits = 'what is deleted there stays in the tables until the next full extraction';
  return kind === 'dirsync'
    ? `${waits}: ${account} may not read the container Deleted Objects; see docs/directory.md`
    : `${waits}: the server does not tell of deletions`;
}

function describeProbe(found: Probe, { base, bindDn, context }: DirectoryConfig): string {
  const { url, tls, hasRecipients, delta, failedServers } = found;
  const parts = [
    `${url} answers`,
    tls === undefined
      ? 'without encryption'
      : `${tls.protocol}, certificate of ${tls.subject} until ${tls.expires.toISOString().slice(0, 10)}`,
    bindDn === undefined ? 'bound anonymously' : `bound as ${bindDn}`,
    context === 'configuration'
      ? `${hasRecipients ? '' : 'no '}accepted domains found`
      : hasRecipients
        ? `recipients found below ${base}`
        : `no filter finds anything below ${base}: check base and filters`,
    delta === undefined ? 'everything is read every time' : `changes by ${MECHANISMS[delta.kind]}`,
    ...failedServers.map((server) => `${server.url} failed: ${server.message}`),
  ];
  return parts.join('; ');
}
