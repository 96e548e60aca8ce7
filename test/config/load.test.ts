import { chmodSync, mkdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { workspace } from './workspace.ts';

test('a whole configuration', async () => {
  const { at, load } = workspace();
  const config = await load(`
    tables_dir = "tables"
    state_dir = "state"
    keep_history = "2 weeks"
    format = "bdb"

    [directory.ad]
    urls = ["LDAPS://DC1.ad.example/", "ldaps://[2001:db8::1]:3269"]
    base = "DC=ad,DC=example"
    bind_dn = "CN=svc,DC=ad,DC=example"
    password_file = "secret"
    ca_file = "${at('ca.pem')}"
    page_size = 500
    connect_timeout = 3
    operation_timeout = 30
    extraction_timeout = 600
    retry_for = 0
    max_entries_per_second = 250
    warn_before = 30
    full_every = "3 days"
    no_full_between = "22:30-06:00"
    address_attributes = ["mail", "otherMailbox"]
    id_attribute = "entryUUID"
    delta = "syncrepl"

    [directory.unused]
    urls = ["ldap://localhost"]
    base = ""

    [tables.exch_table]
    guard = { max_removed = "0.5%", max_changed = 25, max_added = "100%", min_entries = 1000, max_removed_per_domain = "50%", protected = ["Postmaster@x", "@St.Mary"] }
    on_hold = "additions"
    [[tables.exch_table.sources]]
    directory = "ad"
    filter = "(|(homeMDB=*)(objectClass=group))"
    key = "{address}"
    value = "{primary}"
    domains = ["Example.ac.uk", "xn--fiqs8s"]
    [[tables.exch_table.sources]]
    file = "../more.dat"
    max_age = "3 days"
    optional = true

    [tables.sm_table]
    format = ["cdb", "bdb"]
    sources = [{ csv = "sm.csv", key = "{Student alias}@x", value = "{id}", delimiter = ";" }]

    [tables.local_domains]
  `);
  expect(config).toEqual({
    file: at('mailhub.toml'),
    tablesDir: at('tables'),
    stateDir: at('state'),
    keepHistory: 14 * 24 * 60 * 60 * 1000,
    exim: '/usr/sbin/exim',
    generations: 5,
    notify: undefined,
    derived: [],
    canaries: [],
    crossChecks: {
      localDomains: 'local_domains',
      lists: [],
      modes: {
        duplicates: 'warn',
        shadowed: 'warn',
        not_local: 'warn',
        empty_domains: 'warn',
        loops: 'warn',
      },
    },
    directories: [
      {
        name: 'ad',
        urls: ['ldaps://dc1.ad.example', 'ldaps://[2001:db8::1]:3269'],
        base: 'DC=ad,DC=example',
        bindDn: 'CN=svc,DC=ad,DC=example',
        passwordFile: at('secret'),
        caFile: at('ca.pem'),
        starttls: false,
        allowPlaintext: false,
        pageSize: 500,
        connectTimeout: 3000,
        operationTimeout: 30_000,
        extractionTimeout: 600_000,
        retryFor: 0,
        maxEntriesPerSecond: 250,
        warnBefore: 30 * 86_400_000,
        fullEvery: 3 * 86_400_000,
        noFullBetween: { from: 22 * 60 + 30, to: 6 * 60 },
        addressAttributes: ['mail', 'otherMailbox'],
        areUsualAttributes: false,
        idAttribute: 'entryUUID',
        delta: 'syncrepl',
      },
      {
        name: 'unused',
        urls: ['ldap://localhost'],
        base: '',
        bindDn: undefined,
        passwordFile: undefined,
        caFile: undefined,
        starttls: false,
        allowPlaintext: false,
        pageSize: 20_000,
        connectTimeout: 10_000,
        operationTimeout: 60_000,
        extractionTimeout: 1_800_000,
        retryFor: 60_000,
        maxEntriesPerSecond: undefined,
        warnBefore: 14 * 86_400_000,
        fullEvery: 86_400_000,
        noFullBetween: undefined,
        addressAttributes: ['proxyAddresses'],
        areUsualAttributes: true,
        idAttribute: undefined,
        delta: 'auto',
      },
    ],
    tables: [
      {
        name: 'exch_table',
        formats: ['bdb'],
        guard: {
          maxRemoved: { percent: 0.5 },
          maxChanged: { count: 25 },
          maxAdded: { percent: 100 },
          minEntries: 1000,
          maxRemovedPerDomain: { percent: 50 },
          protected: ['postmaster@x', '@st.mary'],
        },
        onHold: 'additions',
        sources: [
          {
            kind: 'directory',
            directory: 'ad',
            filter: '(|(homeMDB=*)(objectClass=group))',
            key: [{ name: 'address' }],
            value: [{ name: 'primary' }],
            domains: ['example.ac.uk', 'xn--fiqs8s'],
            optional: false,
          },
          { kind: 'file', path: at('../more.dat'), maxAge: 3 * 86_400_000, optional: true },
        ],
      },
      {
        name: 'sm_table',
        formats: ['bdb', 'cdb'],
        guard: undefined,
        onHold: 'nothing',
        sources: [
          {
            kind: 'csv',
            path: at('sm.csv'),
            maxAge: undefined,
            key: [{ name: 'Student alias' }, '@x'],
            value: [{ name: 'id' }],
            delimiter: ';',
            optional: false,
          },
        ],
      },
      { name: 'local_domains', formats: ['bdb'], guard: undefined, onHold: 'nothing', sources: [] },
    ],
  });
});

test('tables keep the order of the file', async () => {
  const { load } = workspace();
  const names = ['z', 'a', '9b', 'toString', 'constructor', 'm-1', 'b.c'];
  const sections = names.map((name) => `[tables."${name}"]`);
  const config = await load(['tables_dir = "tables"', ...sections].join('\n'));
  expect(config.tables.map(({ name }) => name)).toEqual(names);
});

test('a file with a byte order mark and CRLF', async () => {
  const { load } = workspace();
  const config = await load('\ufefftables_dir = "tables"\r\n[tables.a]\r\n');
  expect(config.tables).toHaveLength(1);
});

test.each([
  ['starttls', 'starttls = true'],
  ['a password in the clear, in as many words', 'allow_plaintext = true'],
])('a password over ldap:// with %s', async (_, line) => {
  const { load } = workspace();
  const config = await load(`
    tables_dir = "tables"
    [directory.ad]
    urls = ["ldap://dc1"]
    base = ""
    bind_dn = "cn=x"
    password_file = "secret"
    ${line}
    [tables.a]
  `);
  expect(config.directories).toMatchObject([{ passwordFile: expect.stringContaining('secret') }]);
});

test('a credential of systemd, which shows the rights of a group', async () => {
  const { at, load } = workspace();
  chmodSync(at('secret'), 0o440);
  vi.stubEnv('CREDENTIALS_DIRECTORY', at('.'));
  const settings = (password: string) => `
    tables_dir = "tables"
    [directory.ad]
    urls = ["ldaps://dc1"]
    base = ""
    bind_dn = "cn=x"
    ${password}
    [tables.a]`;
  try {
    const byName = await load(settings('password_credential = "secret"'));
    const byPath = await load(settings('password_file = "secret"'));
    expect(byName.directories).toMatchObject([{ passwordFile: at('secret') }]);
    expect(byPath.directories).toEqual(byName.directories);
  } finally {
    vi.unstubAllEnvs();
  }
});

test('the type of a directory settles what is not given', async () => {
  const { load } = workspace();
  const directory = (name: string, keys: string) =>
    `[directory.${name}]\nurls = ["ldap://x"]\nbase = ""\n${keys}\n`;
  const { directories } = await load(
    [
      'tables_dir = "tables"\n[tables.a]\n',
      directory('ad', ''),
      directory('openldap', 'type = "openldap"'),
      directory('x500', 'type = "x500"'),
      directory('own', 'type = "x500"\npage_size = 7\naddress_attributes = ["rfc822Mailbox"]'),
    ].join(''),
  );
  const settled = directories.map(({ pageSize, addressAttributes, areUsualAttributes }) => [
    pageSize,
    addressAttributes,
    areUsualAttributes,
  ]);
  expect(settled).toEqual([
    [20_000, ['proxyAddresses'], true],
    [20_000, ['mail', 'mailLocalAddress', 'mailAlternateAddress'], true],
    [100, ['mail', 'mailAlternateAddress'], true],
    [7, ['rfc822Mailbox'], false],
  ]);
});

test('accepted domains come from a directory beside the one that is named', async () => {
  const { load } = workspace();
  const settings = (sources: string) => `
    tables_dir = "tables"
    state_dir = "state"
    [directory.ad]
    urls = ["ldap://dc1"]
    base = "DC=x"
    no_full_between = "08:00-18:00"
    [directory.unused]
    urls = ["ldap://dc2"]
    base = ""
    [tables.a]
    ${sources}`;
  const domains = '[[tables.a.sources]]\naccepted_domains = "ad"\n';
  const people = '[[tables.a.sources]]\ndirectory = "ad"\nfilter = "(a=*)"\nkey = "{a}"\nvalue = "b"\n';
  const alone = await load(settings(domains));
  expect(alone.directories.map(({ name }) => name)).toEqual(['ad (accepted domains)', 'unused']);
  expect(alone.directories[0]).toMatchObject({
    urls: ['ldap://dc1'],
    context: 'configuration',
    delta: 'none',
    noFullBetween: undefined,
  });
  expect(alone.tables[0]?.sources).toMatchObject([
    { directory: 'ad (accepted domains)', value: ['local'], keys: 'domains', optional: false },
  ]);
  const both = await load(settings(people + domains + domains));
  expect(both.directories.map(({ name }) => name)).toEqual(['ad', 'ad (accepted domains)', 'unused']);
  expect(both.directories[0]?.context).toBeUndefined();
});

test('offline, secrets and certificates may be out of reach', async () => {
  const { load } = workspace();
  vi.stubEnv('CREDENTIALS_DIRECTORY', undefined);
  const settings = `
    tables_dir = "tables"
    [directory.ad]
    urls = ["ldaps://dc1"]
    base = ""
    bind_dn = "cn=x"
    ca_file = "missing"
    password_credential = "ad"
    [tables.a]`;
  await expect(load(settings)).rejects.toThrow('CREDENTIALS_DIRECTORY is not set');
  const config = await load(settings, { offline: true });
  expect(config.directories).toMatchObject([{ passwordFile: '/run/credentials/mailhub-tables.service/ad' }]);
  vi.unstubAllEnvs();
});

test('the state directory need not be there yet', async () => {
  const { at, load } = workspace();
  const config = await load('tables_dir = "tables"\nstate_dir = "later/state"\n[tables.a]');
  expect(config.stateDir).toBe(at('later/state'));
});

test('a file that cannot be read', async () => {
  const { at } = workspace();
  mkdirSync(at('folder.toml'));
  await expect(loadConfig(at('none.toml'))).rejects.toThrow(
    /none\.toml: there is no configuration.*--config/,
  );
  await expect(loadConfig(at('folder.toml'))).rejects.toThrow(/folder\.toml: .*EISDIR/);
});

test('servers from the DNS want StartTLS for a password, as any ldap:// does', async () => {
  const { load } = workspace();
  const settings = (lines: string) => `
    tables_dir = "tables"
    [directory.ad]
    urls = ["SRV:London._sites.AD.example.ac.uk"]
    base = ""
    ${lines}
    [tables.a]`;
  const bound = 'bind_dn = "cn=x"\npassword_file = "secret"';
  await expect(load(settings(bound))).rejects.toThrow(
    /would go to srv:london.* unencrypted .*starttls = true/,
  );
  const config = await load(settings(`${bound}\nstarttls = true\nca_file = "ca.pem"`));
  expect(config.directories[0]?.urls).toEqual(['srv:london._sites.ad.example.ac.uk']);
});
