import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { acceptedDomainsOf } from './accepted-domains.ts';
import type { Config, CrossChecksConfig, DerivedConfig, DirectoryConfig } from './config.ts';
import { directoryDefaults } from './directory-types.ts';
import { ConfigError } from './error.ts';
import { checkNames } from './names.ts';
import { Outputs } from './outputs.ts';
import { configSchema, type Settings } from './schema.ts';

export interface LoadOptions {
  /**
   * The caller will speak to no directory: password and CA files are not looked at, so that whoever may read the tables
   * may ask about them. Default false.
   */
  readonly offline?: boolean;
}

/**
 * Reads the configuration file (TOML, UTF-8) and checks it, with the files that it names.
 *
 * @throws ConfigError with everything that is wrong
 */
export async function loadConfig(file: string, { offline = false }: LoadOptions = {}): Promise<Config> {
  const path = resolve(file);
  const text = read(path);
  const document = parseToml(path, text);

  const folder = dirname(path);
  const directories = sectionNames(document.directory);
  const tables = sectionNames(document.tables);
  const combined = sectionNames(document.combined);
  const grace = sectionNames(document.grace);
  const tablesDir = typeof document.tables_dir === 'string' ? document.tables_dir : '.';
  const outputs = new Outputs(resolve(folder, tablesDir), [...tables, ...combined, ...grace]);
  const names = [...checkNames(directories, { tables, combined, grace })];
  const result = configSchema({ folder, directories, outputs, offline }).safeParse(document);
  if (result.success && names.length === 0) return toConfig(path, result.data);

  const issues = result.success ? [] : result.error.issues;
  // Only what has to be reported pays for the second parser.
  const { report } = await import('./report.ts');
  throw new ConfigError(path, report(path, text, document, names, issues));
}

function read(file: string): string {
  const fail = (line: number | undefined, message: string, hint: string, cause: unknown): ConfigError =>
    new ConfigError(file, [{ file, line, column: undefined, key: '', message, hint }], { cause });
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      throw fail(
        undefined,
        'there is no configuration',
        'write one, or name another file with --config',
        cause,
      );
    }
    const message = `the configuration can't be read (${cause instanceof Error ? cause.message : String(cause)})`;
    throw fail(undefined, message, 'correct its rights, or name another file with --config', cause);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const line =
      bytes
        .toString('latin1')
        .split('\n')
        .findIndex((each) => !isUtf8(Buffer.from(each, 'latin1'))) + 1;
    throw fail(line, 'the line is not in UTF-8', 'save the file in UTF-8', cause);
  }
}

function parseToml(file: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const { line, column } = cause;
    // The rest of the message repeats lines of the file.
    const message = cause.message
      .split('\n', 1)
      .join()
      .replace(/^Invalid TOML document: /, '');
    const problem = {
      file,
      line,
      column,
      key: '',
      message: `not TOML: ${message}`,
      hint: 'correct this line first',
    };
    throw new ConfigError(file, [problem], { cause });
  }
}

function sectionNames(section: unknown): string[] {
  return typeof section === 'object' && section !== null && !Array.isArray(section)
    ? Object.keys(section)
    : [];
}

function toConfig(file: string, settings: Settings): Config {
  const tables = Object.entries(settings.tables).map(([name, { format, guard, on_hold, sources }]) => ({
    name,
    formats: format ?? settings.format ?? ['auto'],
    guard,
    onHold: on_hold,
    sources,
  }));
  const named = new Set(
    tables.flatMap(({ sources }) =>
      sources.flatMap((source) => (source.kind === 'directory' ? [source.directory] : [])),
    ),
  );
  return {
    file,
    tablesDir: settings.tables_dir,
    stateDir: settings.state_dir,
    keepHistory: settings.keep_history,
    exim: settings.exim,
    generations: settings.generations,
    crossChecks: crossChecksOf(settings),
    derived: derivedOf(settings),
    canaries: settings.canaries.map(({ table, router, ...rest }) => ({ ...rest, table, router })),
    notify: settings.notify && { ...settings.notify, from: settings.notify.from },
    directories: toDirectories(settings).flatMap((directory) => {
      const accepted = acceptedDomainsOf(directory);
      if (!named.has(accepted.name)) return [directory];
      return named.has(directory.name) ? [directory, accepted] : [accepted];
    }),
    tables,
  };
}

function toDirectories(settings: Settings): DirectoryConfig[] {
  return Object.entries(settings.directory).map(([name, directory]) => ({
    name,
    urls: directory.urls,
    base: directory.base,
    bindDn: directory.bind_dn,
    passwordFile: directory.password_file ?? directory.password_credential,
    caFile: directory.ca_file,
    starttls: directory.starttls,
    allowPlaintext: directory.allow_plaintext,
    pageSize: directory.page_size ?? directoryDefaults[directory.type].pageSize,
    connectTimeout: directory.connect_timeout,
    operationTimeout: directory.operation_timeout,
    extractionTimeout: directory.extraction_timeout,
    retryFor: directory.retry_for,
    maxEntriesPerSecond: directory.max_entries_per_second,
    warnBefore: directory.warn_before,
    fullEvery: directory.full_every,
    noFullBetween: directory.no_full_between,
    addressAttributes: directory.address_attributes ?? directoryDefaults[directory.type].addressAttributes,
    areUsualAttributes: directory.address_attributes === undefined,
    idAttribute: directory.id_attribute,
    delta: directory.delta,
  }));
}

/** Tables that have the names of today's hubs are taken for what they are there. */
function crossChecksOf({ cross_checks, tables }: Settings): CrossChecksConfig {
  const named = (name: string): string[] => (Object.hasOwn(tables, name) ? [name] : []);
  const { local_domains, lists, ...modes } = cross_checks ?? {
    local_domains: undefined,
    lists: undefined,
    duplicates: 'warn',
    shadowed: 'warn',
    not_local: 'warn',
    empty_domains: 'warn',
    loops: 'warn',
  };
  const [localDomains] = local_domains === undefined ? named('local_domains') : [local_domains];
  return { localDomains, lists: lists ?? named('mlist_table'), modes };
}

function derivedOf({ combined, grace, format }: Settings): DerivedConfig[] {
  const formats = format ?? ['auto'];
  return [
    ...Object.entries(combined).map(([name, each]): DerivedConfig => {
      return { kind: 'combined', name, formats: each.format ?? formats, tables: each.tables };
    }),
    ...Object.entries(grace).map(([name, each]): DerivedConfig => {
      return { kind: 'grace', name, formats: each.format ?? formats, tables: each.tables, keep: each.keep };
    }),
  ];
}
