import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadLdif, SlapdProcess, slapdModules } from './slapd-process.ts';

export const suffix = 'dc=test';
export const manager = `cn=manager,${suffix}`;
export const managerPassword = 'manager-secret';

export interface SlapdOptions {
  /** Where its files go; a database that is there already is used as it is. */
  readonly folder: string;
  /** Paths of schema files, in order. */
  readonly schema: readonly string[];
  /** Loaded into a new database. */
  readonly ldif: string;
  /** Further lines of the configuration: of the whole server, and of the database. */
  readonly serverLines?: readonly string[];
  readonly databaseLines?: readonly string[];
}

export interface Slapd {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a slapd of any schema and contents on a free port of the loopback interface. */
export async function startSlapd(options: SlapdOptions): Promise<Slapd> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true });
  const configuration = join(folder, 'slapd.conf');
  writeFileSync(configuration, slapdConf(options));
  const database = join(folder, 'db');
  if (!existsSync(join(folder, 'loaded'))) {
    mkdirSync(database, { recursive: true });
    loadLdif(configuration, options.ldif);
    writeFileSync(join(folder, 'loaded'), '');
  }
  const slapd = await SlapdProcess.start(configuration, ['ldap']);
  return { url: `ldap://127.0.0.1:${slapd.ports[0]}`, stop: () => slapd.stop() };
}

function slapdConf({ folder, schema, serverLines = [], databaseLines = [] }: SlapdOptions): string {
  return [
    ...(slapdModules === undefined ? [] : [`modulepath ${slapdModules}`, 'moduleload back_mdb']),
    ...schema.map((path) => `include ${path}`),
    'threads 2',
    'sizelimit unlimited',
    'timelimit unlimited',
    ...serverLines,
    'database mdb',
    `suffix "${suffix}"`,
    `rootdn "${manager}"`,
    `rootpw ${managerPassword}`,
    `directory ${join(folder, 'db')}`,
    `maxsize ${16 * 2 ** 30}`,
    'dbnosync',
    ...databaseLines,
    '',
  ].join('\n');
}
