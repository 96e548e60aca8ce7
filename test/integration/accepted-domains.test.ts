import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { base, organization, serviceAccount, servicePassword } from '../../fixtures/campus/university.ts';
import { startFixtureServer } from '../../fixtures/server/server.ts';
import { build, loadConfig } from '../../src/index.ts';
import { check } from '../../src/tables/questions/check.ts';
import { record } from '../samba/ldif-text.ts';
import { startSamba } from '../samba/samba.ts';
import { Exim } from './exim.ts';
import { startSlapd } from './slapd.ts';

/** Name of the object, domain, flags. The bits above the lowest two have other meanings. */
const domains: readonly (readonly [cn: string, domain: string | undefined, flags: number | undefined])[] = [
  ['Default', 'Example.AC.uk', 4],
  ['Without flags', 'plain.example.ac.uk', undefined],
  ['Outbound only', 'out.example.ac.uk', 256],
  ['Lists', 'lists.example.ac.uk', 2],
  ['Alumni', 'alumni.example.ac.uk', 1 + 8],
  ['Students', '*.Students.example.ac.uk', 0],
  ['International', 'xn--exmple-cua.ac.uk', 0],
  ['Lists again', 'LISTS.example.ac.uk', 2],
  ['Everything', '*', 2],
  ['Star within', 'a.*.example.ac.uk', 0],
  ['Star before', '*example.ac.uk', 0],
  ['Space', 'two words.example.ac.uk', 0],
  ['Line break', 'x.example.ac.uk\nexample.org', 0],
  ['Beyond ASCII', 'exämple.ac.uk', 0],
  ['Empty label', 'example..ac.uk', 0],
  ['Long', `${'label.'.repeat(42)}uk`, 0],
  ['No name', undefined, 0],
];
const authoritative = [
  '*.students.example.ac.uk',
  'example.ac.uk',
  'out.example.ac.uk',
  'plain.example.ac.uk',
];
const international = 'xn--exmple-cua.ac.uk';
const rejected = [
  'a * for every domain there is',
  'a * that does not stand for the whole labels in front',
  'a character that no domain has',
  'a character that no domain has',
  'a control character',
  'an empty label in the domain',
  'longer than 253 bytes',
  'no msExchAcceptedDomainName',
  'not ASCII',
];

const container = `CN=Accepted Domains,CN=Transport Settings,${organization}`;
const objects = [
  [`CN=Transport Settings,${organization}`, [['objectClass', 'container']]] as const,
  [container, [['objectClass', 'container']]] as const,
  ...domains.map(
    ([cn, domain, flags]) =>
      [
        `CN=${cn},${container}`,
        [
          ['objectClass', 'msExchAcceptedDomain'] as const,
          ...(domain === undefined ? [] : [['msExchAcceptedDomainName', domain] as const]),
          ...(flags === undefined ? [] : [['msExchAcceptedDomainFlags', String(flags)] as const]),
        ],
      ] as const,
  ),
];

interface Server {
  readonly keys: string;
  stop(): Promise<void>;
}

async function samba(): Promise<Server & { change(ldif: string): Promise<void> }> {
  const server = await startSamba();
  await server.change(
    objects.map(([dn, attributes]) => record(dn, [['changetype', 'add'], ...attributes])).join('\n'),
  );
  const keys = `urls = ["${server.ldapsUrl}"]\nca_file = "${server.caFile}"`;
  return { keys, change: (ldif) => server.change(ldif), stop: () => server.stop() };
}

async function fixtureServer(): Promise<Server> {
  const ancestors: string[] = [];
  for (let dn = organization; dn !== base; dn = dn.slice(dn.indexOf(',') + 1)) ancestors.unshift(dn);
  const entry = (dn: string, attributes: readonly (readonly [string, string])[]) => ({
    dn,
    attributes: [['cn', /^..=([^,]*)/.exec(dn)?.[1] ?? ''] as const, ...attributes].map(
      ([name, value]) => [name, Buffer.from(value)] as const,
    ),
  });
  const server = await startFixtureServer({
    ldif: [
      entry(base, [['objectClass', 'domainDNS']]),
      entry(`OU=Services,${base}`, [['objectClass', 'organizationalUnit']]),
      entry(serviceAccount, [
        ['objectClass', 'user'],
        ['userPassword', servicePassword],
      ]),
      ...ancestors.map((dn) => entry(dn, [['objectClass', 'container']])),
      ...objects.map(([dn, attributes]) => entry(dn, attributes)),
    ],
  });
  return { keys: `urls = ["${server.url}"]\nallow_plaintext = true`, stop: () => server.stop() };
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'accepted-domains-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A hub whose local domains come from these sources. */
function hub(server: Server, sources: readonly string[], { tableKeys = '', others = '' } = {}) {
  const tables = mkdtempSync(join(folder, 'hub-'));
  writeFileSync(join(tables, 'secret'), servicePassword, { mode: 0o600 });
  const file = join(tables, 'mailhub-tables.toml');
  writeFileSync(
    file,
    [
      'tables_dir = "."\nstate_dir = "state"\nformat = "bdb"\n[directory.ad]',
      server.keys,
      `base = "${base}"\nbind_dn = "${serviceAccount}"\npassword_file = "secret"`,
      `[tables.local_domains]\n${tableKeys}`,
      ...sources.map((keys) => `[[tables.local_domains.sources]]\naccepted_domains = "ad"\n${keys}`),
      others,
    ].join('\n'),
  );
  return {
    file,
    table: join(tables, 'local_domains'),
    run: async () => build(await loadConfig(file)),
    lines: () => readFileSync(join(tables, 'local_domains.dat'), 'utf8').trimEnd().split('\n'),
  };
}

describe.each([
  ['Samba', samba],
  ['the fixture server', fixtureServer],
])('on %s', (_, start) => {
  let server: Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  it('every domain that Exchange accepts becomes a key, and what is none is named', async () => {
    const all = hub(server, ['']);
    const report = await all.run();
    expect(all.lines()).toEqual(
      [...authoritative, international, 'alumni.example.ac.uk', 'lists.example.ac.uk']
        .map((domain) => `${domain}: local`)
        .sort(),
    );
    const [table] = report.tables;
    expect(table?.rejected.examples.map(({ reason }) => reason.replace(/^the key: /, '')).sort()).toEqual(
      rejected,
    );
    const everything = table?.rejected.examples.find(({ value }) => value === '*');
    expect(everything?.place).toBe(`CN=Everything,${container}`);
    expect(report.directories.map(({ name }) => name)).toEqual(['ad (accepted domains)']);
    expect((await all.run()).tables.map(({ outcome }) => outcome)).toEqual(['unchanged']);
  });

  it('kinds are told apart, whatever the other flags', async () => {
    const kinds = hub(server, [
      'kinds = ["authoritative"]',
      'kinds = ["internal_relay"]\nvalue = "internal"',
      'kinds = ["external_relay"]\nvalue = "external, {cn}: {msExchAcceptedDomainFlags}"',
    ]);
    await kinds.run();
    expect(kinds.lines()).toEqual(
      [
        ...[...authoritative, international].map((domain) => `${domain}: local`),
        'lists.example.ac.uk: internal',
        'alumni.example.ac.uk: external, Alumni: 9',
      ].sort(),
    );
    const some = hub(server, ['kinds = ["internal_relay", "external_relay"]']);
    await some.run();
    expect(some.lines()).toEqual(['alumni.example.ac.uk: local', 'lists.example.ac.uk: local']);
  });

  it('recipients of the same directory are asked for beside them, and check looks at both', async () => {
    const staff = `[tables.staff]\n[[tables.staff.sources]]\ndirectory = "ad"\nfilter = "(cn=svc-mailhub)"\nkey = "{cn}"\nvalue = "x"\n`;
    const both = hub(server, ['kinds = ["internal_relay"]'], { others: staff });
    const report = await both.run();
    expect(report.directories.map(({ name }) => name)).toEqual(['ad', 'ad (accepted domains)']);
    expect(report.tables.map(({ outcome, failure }) => failure?.message ?? outcome)).toEqual([
      'published',
      'published',
    ]);
    const observations = [];
    for await (const observation of check(await loadConfig(both.file))) observations.push(observation);
    // An ordinary account of a domain controller sees no deletions, and is told so.
    const looked = observations.filter(
      ({ subject, message }) => subject.startsWith('directory ') && !message.includes('Deleted Objects'),
    );
    expect(looked.map(({ subject, verdict }) => [subject, verdict])).toEqual([
      ['directory ad', 'ok'],
      ['directory ad (accepted domains)', 'ok'],
    ]);
    expect(looked[1]?.message).toContain('accepted domains found');
  });

  it('the real Exim finds domains below one with a star by partial-dbm, and by dbm only what is there', async () => {
    const all = hub(server, ['']);
    await all.run();
    const exim = new Exim();
    try {
      const asked = [
        'example.ac.uk',
        'a.students.example.ac.uk',
        'b.a.students.example.ac.uk',
        'students.example.ac.uk',
      ];
      const others = ['a.example.ac.uk', 'example.org', 'uk'];
      const none = others.map(() => undefined);
      expect(await exim.lookup(all.table, [...asked, ...others], 'partial-dbm')).toEqual([
        ...asked.map(() => 'local'),
        ...none,
      ]);
      expect(await exim.lookup(all.table, [...asked, ...others])).toEqual([
        'local',
        undefined,
        undefined,
        undefined,
        ...none,
      ]);
    } finally {
      exim.close();
    }
  });
});

it('domains that come and go are seen in the next run', async () => {
  const server = await samba();
  try {
    const { run, lines } = hub(server, ['kinds = ["internal_relay"]'], {
      tableKeys: 'guard = { max_removed = "100%" }',
    });
    await run();
    const dn = `CN=New,${container}`;
    const attributes = [
      ['objectClass', 'msExchAcceptedDomain'],
      ['msExchAcceptedDomainName', 'new.example.ac.uk'],
      ['msExchAcceptedDomainFlags', '2'],
    ] as const;
    await server.change(record(dn, [['changetype', 'add'], ...attributes]));
    expect((await run()).tables.map(({ outcome }) => outcome)).toEqual(['published']);
    expect(lines()).toEqual(['lists.example.ac.uk: local', 'new.example.ac.uk: local']);
    for (const cn of ['Lists', 'Lists again']) {
      await server.change(record(`CN=${cn},${container}`, [['changetype', 'delete']]));
    }
    expect((await run()).tables.map(({ outcome }) => outcome)).toEqual(['published']);
    expect(lines()).toEqual(['new.example.ac.uk: local']);
  } finally {
    await server.stop();
  }
});

it('a server without such a configuration fails the source with a message that says so', async () => {
  const slapd = await startSlapd();
  try {
    const keys = `urls = ["${slapd.ldapsUrl}"]\nca_file = "${slapd.caFile}"`;
    const { tables } = await hub({ keys, stop: slapd.stop }, ['']).run();
    expect(tables[0]?.failure?.message).toContain('only Active Directory has accepted domains');
  } finally {
    await slapd.stop();
  }
});
