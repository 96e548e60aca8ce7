import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Places } from '../../fixtures/campus/configuration.ts';
import { startFixtureServer } from '../../fixtures/server/server.ts';
import { build, loadConfig } from '../../src/index.ts';
import { startSamba } from '../samba/samba.ts';
import { campus, configureHub } from './campus-hub.ts';
import { Exim } from './exim.ts';
import { datEntries, type ExpectedTable, expectCampus, type TableName } from './expectation.ts';
import { idsOf } from './ids.ts';
import { startSlapd } from './slapd.ts';

const names = ['exch_table', 'o365_table', 'mlist_table', 'sm_table', 'local_domains'] as const;

const expectedOfFile = await expectCampus(campus);
const work = mkdtempSync(join(tmpdir(), 'campus-'));

/** A hub, built from a directory. @returns the folder of its tables */
async function buildHub(name: string, directory: Partial<Places>): Promise<string> {
  const config = await configureHub(join(work, name), directory);
  const report = await build(config);
  expect(report.tables.map(({ outcome, failure }) => failure?.message ?? outcome)).toEqual(
    names.map(() => 'published'),
  );
  return config.tablesDir;
}

function dumped(dbm: string): Map<string, string> {
  const lines = execFileSync('db_dump', ['-p', dbm], { encoding: 'latin1', maxBuffer: 1 << 28 }).split('\n');
  const data = lines.slice(lines.indexOf('HEADER=END') + 1, lines.indexOf('DATA=END'));
  const items = data.map((line) => {
    const bytes = line
      .slice(1)
      .replace(/\\(\\|[0-9a-f]{2})/g, (_, code) =>
        code === '\\' ? '\\' : String.fromCharCode(Number.parseInt(code, 16)),
      );
    expect(bytes.endsWith('\0')).toBe(true);
    return Buffer.from(bytes.slice(0, -1), 'latin1').toString();
  });
  return new Map(items.flatMap((key, i) => (i % 2 === 0 ? [[key, items[i + 1]]] : [])));
}

const sorted = (entries: ReadonlyMap<string, string>): [string, string][] =>
  [...entries].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** A rejection without what servers and reports may spell in several ways: case, escapes, the kind of address. */
function plain(dn: string): string {
  return dn.replace(/\\2C/gi, '\\,').toLowerCase();
}

interface Directory {
  readonly url: string;
  readonly ldapsUrl: string;
  readonly caFile: string;
  readonly base: string;
  readonly bindDn: string;
  readonly password: string;
  stop(): Promise<void>;
}

type Transport = 'ldap' | 'StartTLS' | 'ldaps';

function places({ url, ldapsUrl, caFile }: Directory, transport: Transport): Partial<Places> {
  if (transport === 'ldaps') return { urls: [ldapsUrl], caFile };
  return transport === 'StartTLS'
    ? { urls: [url], starttls: true, caFile }
    : { urls: [url], allowPlaintext: true };
}

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each<[string, () => Promise<Directory>, readonly Transport[]]>([
  ['slapd', startSlapd, ['ldap', 'StartTLS', 'ldaps']],
  // A domain controller takes no password in the clear.
  ['Samba', startSamba, ['StartTLS', 'ldaps']],
])('the campus in a real %s', (server, start, transports) => {
  let directory: Directory;
  let expected: Awaited<ReturnType<typeof expectCampus>>;
  beforeAll(async () => {
    directory = await start();
    expected = await expectCampus(campus, await idsOf(directory));
  });
  afterAll(() => directory?.stop());

  describe.each(transports)('over %s', (transport) => {
    let tablesDir: string;
    beforeAll(async () => {
      tablesDir = await buildHub(`${server} ${transport}`, places(directory, transport));
    });

    it.each(names)('gives %s entry by entry, as text and as a dbm file', (name: TableName) => {
      const { entries }: ExpectedTable = expected[name];
      expect(sorted(new Map(datEntries(join(tablesDir, `${name}.dat`))))).toEqual(sorted(entries));
      execFileSync('db_verify', ['-q', join(tablesDir, name)]);
      expect(sorted(dumped(join(tablesDir, name)))).toEqual(sorted(entries));
    });
  });

  it('names the recipients that it had to reject and the addresses that are claimed twice', async () => {
    const configFile = join(work, `${server} ldaps`, 'mailhub-tables.toml');
    const report = await build(await loadConfig(configFile), { dryRun: true });
    const tableOf = (table: TableName) => report.tables.find(({ name }) => name === table);
    for (const name of ['exch_table', 'o365_table'] as const) {
      const rejected = tableOf(name)?.rejected.examples ?? [];
      expect(rejected.map(({ place, value }) => [plain(place), value]).sort()).toEqual(
        expected[name].rejected.map(({ dn, value }) => [plain(dn), value]).sort(),
      );
    }
    const exchange = tableOf('exch_table');
    expect(exchange?.conflicts.examples.map(({ key }) => key)).toEqual([
      ...expected.exch_table.claims.keys(),
    ]);
  });

  it('gives what the fixture LDAP server gives, but for an address that another object wins there', async () => {
    const fixture = await startFixtureServer({ ldif: join(campus, 'directory.ldif') });
    try {
      const other = await buildHub(`${server} fixture`, { urls: [fixture.url], allowPlaintext: true });
      for (const name of names) {
        const { entries } = expectedOfFile[name];
        expect(sorted(new Map(datEntries(join(other, `${name}.dat`))))).toEqual(sorted(entries));
        const lines = (folder: string): string[] =>
          readFileSync(join(folder, `${name}.dat`), 'latin1')
            .split('\n')
            .filter((line) => !expected[name].claims.has(line.split(':', 1)[0]));
        expect(lines(other)).toEqual(lines(join(work, `${server} ldaps`, 'etc')));
      }
    } finally {
      await fixture.stop();
    }
  });

  it('gives tables in which the real Exim finds every key with its value, and nothing else', async () => {
    const tablesDir = await buildHub(`${server} Exim`, places(directory, 'ldaps'));
    for (const path of [work, join(work, `${server} Exim`), tablesDir]) chmodSync(path, 0o755);
    const exim = new Exim();
    try {
      for (const name of names) {
        const { entries } = expected[name];
        const dbm = join(tablesDir, name);
        expect(await exim.lookup(dbm, [...entries.keys()])).toEqual([...entries.values()]);
        const others = ['nobody@example.ac.uk', '', 'example', [...entries.keys()][0].slice(1)];
        const absent = others.filter((key) => !entries.has(key));
        expect(await exim.lookup(dbm, absent)).toEqual(absent.map(() => undefined));
      }
    } finally {
      exim.close();
    }
  });
});
