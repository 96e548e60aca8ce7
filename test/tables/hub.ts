import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LdifRecord } from '../../fixtures/ldif.ts';
import { type FixtureServer, startFixtureServer } from '../../fixtures/server/server.ts';
import { loadConfig } from '../../src/config/load.ts';
import { State } from '../../src/state/state.ts';
import type { TableRecord } from '../../src/state/table-record.ts';
import { type BuildOptions, build } from '../../src/tables/build.ts';
import type { BuildReport, TableReport } from '../../src/tables/report.ts';
import { dump } from './incumbent.ts';
import { compareLatin1 } from './pairs.ts';

/** Keys and values as they stand in a `.dat`. */
export type Entries = ReadonlyMap<string, string>;

const account = 'CN=reader,DC=ad,DC=example,DC=ac,DC=uk';
const password = 'correct horse';

/** Memory where there is enough of it: every publication is fsynced, and a hundred tests would wait for the disk. */
const room = hasRoom('/dev/shm', 2 ** 29) ? '/dev/shm' : tmpdir();

/** A hub of its own in a temporary folder that goes when the test ends: tables, state, sources, configuration. */
export class Hub {
  readonly folder: string;
  readonly tablesDir: string;
  readonly stateDir: string;
  readonly configFile: string;
  /** Servers that are asked before the one that serves. */
  urlsBefore: readonly string[] = [];
  /** Seconds. */
  retryFor = 0;
  /** Further lines at the top of the configuration. */
  top = '';
  #server: FixtureServer | undefined;
  #sections = '';

  constructor() {
    this.folder = realpathSync(mkdtempSync(join(room, 'mailhub-hub-')));
    chmodSync(this.folder, 0o755);
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    this.tablesDir = this.at('etc');
    this.stateDir = this.at('state');
    this.configFile = this.at('mailhub-tables.toml');
    for (const dir of [this.tablesDir, this.stateDir, this.at('in')]) mkdirSync(dir);
    writeFileSync(this.at('secret'), password, { mode: 0o600 });
  }

  /** A path below the hub's folder: `etc/x_table.dat`, `in/x_table.dat`. */
  at(path: string): string {
    return join(this.folder, path);
  }

  put(path: string, content: string | Uint8Array | Entries): void {
    writeFileSync(this.at(path), isText(content) ? content : datOf(content));
  }

  makeDirectory(path: string): void {
    mkdirSync(this.at(path));
  }

  text(path: string): string {
    return readFileSync(this.at(path), 'latin1');
  }

  /** The configuration's sections; `IN` stands for the folder of the sources. */
  configure(sections: string): void {
    this.#sections = sections.replaceAll('IN/', `${this.at('in')}/`);
    this.#writeConfiguration();
  }

  /**
   * What the directory `ad` answers from now on: an object for each entry, its value in `targetAddress`.
   *
   * @param schools domains whose people are in an organisational unit of their own, and named by their addresses
   */
  async serve(entries: Entries, schools: readonly string[] = []): Promise<FixtureServer> {
    if (this.#server === undefined) onTestFinished(() => this.#server?.stop());
    await this.#server?.stop();
    this.#server = await startFixtureServer({ ldif: directoryOf(entries, schools), maxPageSize: 100 });
    this.#writeConfiguration();
    return this.#server;
  }

  async build(options: BuildOptions = {}): Promise<BuildReport> {
    return build(await loadConfig(this.configFile), options);
  }

  /** Builds, and gives what became of one table. */
  async buildTable(name: string, options: BuildOptions = {}): Promise<TableReport> {
    return tableOf(await this.build(options), name);
  }

  /** What Exim finds in a dbm file, as db_dump shows it; undefined without a file. */
  exim(name: string): Entries | undefined {
    const path = join(this.tablesDir, name);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    return new Map(
      dump(path).map((line): [string, string] => {
        const [key = '', value = ''] = line
          .split(' ')
          .map((hex) => Buffer.from(hex, 'hex').toString('latin1'));
        return [key, value];
      }),
    );
  }

  /** What the state says is published of a table, and when that was last compared with the files. */
  remembered(name: string): TableRecord | undefined {
    const state = State.peek(this.stateDir);
    try {
      return state?.published(name);
    } finally {
      state?.close();
    }
  }

  /** What the old runbook does. */
  eximDbmbuild(name: string): void {
    const path = join(this.tablesDir, name);
    execFileSync('/usr/sbin/exim_dbmbuild', [`${path}.dat`, path], { stdio: 'ignore' });
  }

  /** Inode, size and times of everything in a folder: what no run may touch without a reason. */
  stamps(folder = 'etc'): Record<string, string> {
    const names = readdirSync(this.at(folder), { recursive: true, encoding: 'utf8' }).sort();
    return Object.fromEntries(
      ['.', ...names].map((name) => {
        const { ino, size, mode, uid, gid, mtimeNs, ctimeNs } = statSync(join(this.at(folder), name), {
          bigint: true,
        });
        return [name, [ino, size, mode, uid, gid, mtimeNs, ctimeNs].join(':')];
      }),
    );
  }

  files(folder = 'etc'): string[] {
    return readdirSync(this.at(folder)).sort();
  }

  #writeConfiguration(): void {
    const directory = this.#server && [
      '[directory.ad]',
      `urls = ${JSON.stringify([...this.urlsBefore, this.#server.url])}`,
      `base = "${this.#server.base}"`,
      `bind_dn = "${account}"`,
      `password_file = "${this.at('secret')}"`,
      'allow_plaintext = true',
      'page_size = 50',
      'operation_timeout = 1',
      `retry_for = ${this.retryFor}`,
    ];
    const top = [
      `tables_dir = "${this.tablesDir}"`,
      `state_dir = "${this.stateDir}"`,
      'format = "bdb"',
      this.top,
    ];
    writeFileSync(this.configFile, [...top, ...(directory ?? []), this.#sections, ''].join('\n'));
  }
}

export function tableOf(report: BuildReport, name: string): TableReport {
  const table = report.tables.find((each) => each.name === name);
  if (table === undefined) throw new Error(`no table ${name} in the report`);
  return table;
}

/** A table fed by one file, `in/NAME.dat`. @param guard what stands in its guard section */
export function fileFed(name: string, guard?: string): string {
  return `${tableSection(name, guard)}[[tables.${name}.sources]]\nfile = "IN/${name}.dat"\n`;
}

/** A table fed by everything that `Hub.serve` serves. */
export function directoryFed(name: string, guard?: string): string {
  const template = 'filter = "(targetAddress=*)"\nkey = "{address}"\nvalue = "{targetAddress}"\n';
  return `${tableSection(name, guard)}[[tables.${name}.sources]]\ndirectory = "ad"\n${template}`;
}

export function keptByHand(name: string, guard?: string): string {
  return tableSection(name, guard);
}

function tableSection(name: string, guard: string | undefined): string {
  return `[tables.${name}]\n${guard === undefined ? '' : `guard = { ${guard} }\n`}`;
}

/** Entries whose lines are all of one length: `user0001@example.ac.uk: box0001@mail.example.ac.uk`. */
export function numbered(from: number, to: number, prefix = 'user'): Map<string, string> {
  const entries = new Map<string, string>();
  for (let i = from; i < to; i++) {
    const number = String(i).padStart(6, '0');
    entries.set(`${prefix}${number}@example.ac.uk`, `box${number}@mail.example.ac.uk`);
  }
  return entries;
}

export function without(entries: Entries, ...keys: readonly string[]): Map<string, string> {
  const left = new Map(entries);
  for (const key of keys) if (!left.delete(key)) throw new Error(`${key} was not there`);
  return left;
}

export function withEntries(
  entries: Entries,
  ...more: readonly (readonly [string, string])[]
): Map<string, string> {
  return new Map([...entries, ...more]);
}

/** The text that the program itself would write: in the order of the keys' bytes. */
export function datOf(entries: Entries): string {
  return [...entries]
    .sort(([a], [b]) => compareLatin1(a, b))
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('');
}

/** The same entries as another program, or a person, writes them. */
export function otherwise(entries: Entries): string {
  const lines = [...entries].reverse().map(([key, value], i) => {
    if (i % 5 === 0) return `"${key.toUpperCase()}"   ${value}  \n`;
    if (i % 7 === 0) return `# next\n\n${key}:${value}\r\n`;
    return `${key}\t:\t${value}\n`;
  });
  return `# by hand\n\n${lines.join('')}`;
}

function hasRoom(path: string, bytes: number): boolean {
  if (!existsSync(path)) return false;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize >= bytes;
}

function isText(content: string | Uint8Array | Entries): content is string | Uint8Array {
  return typeof content === 'string' || content instanceof Uint8Array;
}

export function directoryOf(entries: Entries, schools: readonly string[] = []): LdifRecord[] {
  const base = 'DC=ad,DC=example,DC=ac,DC=uk';
  const record = (dn: string, ...attributes: readonly (readonly [string, string])[]): LdifRecord => ({
    dn,
    attributes: attributes.map(([name, value]) => [name, Buffer.from(value)]),
  });
  const nameOf = (key: string, i: number): string => {
    const [local = '', domain = ''] = key.split('@');
    return schools.includes(domain) ? `CN=${local},OU=${domain},${base}` : `CN=${i},${base}`;
  };
  return [
    record(base, ['objectClass', 'top'], ['objectClass', 'domainDNS']),
    record(account, ['objectClass', 'user'], ['cn', 'reader'], ['userPassword', password]),
    ...schools.map((school) =>
      record(`OU=${school},${base}`, ['objectClass', 'organizationalUnit'], ['ou', school]),
    ),
    ...[...entries].map(([key, value], i) =>
      record(
        nameOf(key, i),
        ['objectClass', 'user'],
        ['cn', /^CN=([^,]*)/.exec(nameOf(key, i))?.[1] ?? ''],
        ['proxyAddresses', `SMTP:${key}`],
        ['targetAddress', `SMTP:${value}`],
      ),
    ),
  ];
}
