import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../../fixtures/certificates.ts';
import { type FixtureServer, startFixtureServer } from '../../fixtures/server/server.ts';
import { type Outcome, Program } from '../cli/program.ts';
import { directoryFed, directoryOf, Hub, numbered } from '../tables/hub.ts';

const password = 'correct horse';
const program = Program.forFile();

interface Encrypted {
  readonly hub: Hub;
  readonly server: FixtureServer;
  /** Writes the configuration anew. */
  configure(changes?: { readonly url?: string; readonly more?: string; readonly caFile?: string }): void;
  run(...args: readonly string[]): Promise<Outcome>;
}

/** A hub whose directory is spoken to over ldaps with a certificate for 30 days. */
async function encrypted(): Promise<Encrypted> {
  const hub = new Hub();
  mkdirSync(hub.at('ca'));
  const authority = makeAuthority(hub.at('ca'));
  const server = await startFixtureServer({ ldif: directoryOf(numbered(0, 20)), tls: authority.issue() });
  onTestFinished(() => server.stop());
  const configure: Encrypted['configure'] = ({ url = server.ldapsUrl, more = '', caFile } = {}) => {
    writeFileSync(
      hub.configFile,
      [
        `tables_dir = "${hub.tablesDir}"`,
        `state_dir = "${hub.stateDir}"`,
        'format = "bdb"',
        '[directory.ad]',
        `urls = ["${url}"]`,
        `base = "${server.base}"`,
        'bind_dn = "CN=reader,DC=ad,DC=example,DC=ac,DC=uk"',
        `password_file = "${hub.at('secret')}"`,
        `ca_file = "${caFile ?? authority.caFile}"`,
        'retry_for = 0',
        more,
        directoryFed('exch_table'),
      ].join('\n'),
    );
  };
  configure();
  return {
    hub,
    server,
    configure,
    run: (...args) => program.run([...args, '--config', hub.configFile]),
  };
}

test('what ends soon is said once a day on stderr, always by check, and stands in --json', async () => {
  const { configure, run, hub } = await encrypted();
  configure({ more: 'warn_before = 29' });
  expect((await run('build')).stderr).toBe('');

  rmSync(hub.at('state/accounts.json'));
  configure({ more: 'warn_before = 31' });
  const certificate =
    /^mailhub-tables: directory ad: ldaps:\S+: the certificate ends on \d{4}-\d\d-\d\d, in (29|30) days: renew it/m;
  const authority = /: the certificate of the authority Fixture CA, which vouches for it, ends on /m;
  const first = await run('build');
  expect(first.status).toBe(0);
  expect(first.stderr).toMatch(certificate);
  expect(first.stderr).toMatch(authority);
  expect((await run('build')).stderr, 'not twice in a day').toBe('');

  const { directories } = JSON.parse((await run('build', '--json')).stdout);
  expect(directories[0]).toMatchObject({
    passwordExpires: null,
    report: { certificates: [{ subject: 'localhost' }, { subject: 'Fixture CA' }] },
  });
  for (let i = 0; i < 2; i++) {
    const checked = await run('check');
    expect(checked.status).toBe(0);
    expect(checked.stderr).toMatch(/^warning: directory ad: ldaps:\S+: the certificate ends on /m);
  }

  const memory = JSON.parse(hub.text('state/accounts.json'));
  memory.looks.ad.at -= 24 * 3_600_000;
  hub.put('state/accounts.json', JSON.stringify(memory));
  expect((await run('build', '--dry-run')).stderr).toMatch(certificate);
  expect((await run('build')).stderr, 'a day later').toMatch(certificate);

  configure({ more: 'warn_before = 0' });
  rmSync(hub.at('state/accounts.json'));
  expect((await run('build')).stderr).toBe('');
});

test('a refused password is asked for once: by no later run, by no other directory, by each check, until it changes', async () => {
  const { configure, run, hub, server } = await encrypted();
  const other = ['[directory.other]', `urls = ["${server.ldapsUrl}"]`, `base = "${server.base}"`];
  const same = [
    'bind_dn = "CN=reader,DC=ad,DC=example,DC=ac,DC=uk"',
    `password_file = "${hub.at('secret')}"`,
    `ca_file = "${hub.at('ca')}/${readdirSync(hub.at('ca'))[0]}/ca.pem"`,
    directoryFed('o365_table').replace('"ad"', '"other"'),
  ];
  configure({ more: [...other, ...same].join('\n') });
  writeFileSync(hub.at('secret'), 'not this one', { mode: 0o600 });
  const first = await run('build');
  expect(first.status).toBe(4);
  expect(first.stderr).toMatch(/exch_table: failed: directory ad: .*invalidCredentials \(49\)/);
  expect(first.stderr).toMatch(
    /o365_table: failed: directory other: .*refused for directory ad, and are not tried again/,
  );
  expect(server.counters.binds).toBe(1);

  // The file's times say nothing: a systemd credential is a new file in each run.
  utimesSync(hub.at('secret'), new Date(), new Date());
  const second = await run('build');
  expect(second.status).toBe(4);
  expect(second.stderr).toMatch(/exch_table: failed: directory ad: .*refused by ldaps:.*accounts\.json$/m);
  expect(second.stderr).toMatch(/o365_table: failed: directory other: .*refused by/);
  expect(server.counters.binds).toBe(1);
  expect(statSync(hub.at('state/accounts.json')).mode & 0o777).toBe(0o600);

  expect((await run('check')).status).toBe(4);
  expect(server.counters.binds, 'a person who asks gets an answer').toBe(2);

  const memory = JSON.parse(hub.text('state/accounts.json'));
  for (const refusal of memory.refusals) refusal.at -= 24 * 3_600_000;
  hub.put('state/accounts.json', JSON.stringify(memory));
  expect((await run('build')).stderr).toContain('invalidCredentials');
  expect(server.counters.binds, 'a day later').toBe(3);

  writeFileSync(hub.at('secret'), password, { mode: 0o600 });
  expect(await run('build')).toMatchObject({ status: 0 });
});

test('when the account is put right on the server, check says what keeps the runs from it', async () => {
  const { run, hub, server } = await encrypted();
  server.setFault({ kind: 'bind', result: 'invalidCredentials' });
  await run('build');
  server.setFault();
  const { status, stderr } = await run('check');
  expect(status).toBe(0);
  expect(stderr).toMatch(
    /^warning: directory ad: it takes the password now, and yet no run will try it: .*remove .*accounts\.json$/m,
  );
  expect((await run('build')).status).toBe(4);
  rmSync(hub.at('state/accounts.json'));
  expect((await run('build')).status).toBe(0);
});

test('a memory that is damaged, or can not be written, keeps nothing from being built', async () => {
  const { run, hub, server } = await encrypted();
  for (const damaged of [
    '',
    '{',
    '[]',
    '{"refusals":[{}],"looks":{}}',
    '{"refusals":[],"looks":{"ad":{"at":-1}}}',
  ]) {
    hub.put('state/accounts.json', damaged);
    expect(await run('build'), damaged).toMatchObject({ status: 0 });
  }
  rmSync(hub.at('state/accounts.json'));
  hub.makeDirectory('state/accounts.json');
  server.setFault({ kind: 'bind', result: 'invalidCredentials', times: 1 });
  const { status, stderr } = await run('build');
  expect(status).toBe(4);
  expect(stderr).toMatch(/what was learnt of the accounts can't be remembered .*accounts\.json/);
  expect((await run('build')).status).toBe(0);
});

test('the password is in no output and in no file of the state, whatever happens', async () => {
  const { hub, server, configure, run } = await encrypted();
  const outputs: string[] = [];
  const everything = async () => {
    for (const args of [
      ['build', '--dry-run'],
      ['build', '--json', '--force'],
      ['build'],
      ['check'],
      ['check', '--json'],
    ]) {
      const { stdout, stderr } = await run(...args);
      expect(stdout + stderr).not.toBe('');
      outputs.push(stdout, stderr);
    }
  };
  await everything();
  for (const result of ['invalidCredentials', 'busy', 'strongerAuthRequired'] as const) {
    server.setFault({ kind: 'bind', result });
    await everything();
    rmSync(hub.at('state/accounts.json'), { force: true });
  }
  for (const kind of ['drop', 'garbage', 'no-control'] as const) {
    server.setFault({ kind, page: 1 });
    await everything();
  }
  server.setFault();
  configure({ caFile: makeAuthority(hub.at('ca')).caFile });
  await everything();
  configure({ url: server.ldapsUrl?.replace('127.0.0.1', '127.0.0.2') ?? '' });
  await everything();
  configure({ more: 'colour = "red"' });
  await everything();
  configure({ url: `ldap://reader:${password.replace(' ', '%20')}@127.0.0.1` });
  await everything();

  const files = readdirSync(hub.stateDir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(hub.stateDir, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'));
  expect(files.length).toBeGreaterThan(1);
  const bytes = Buffer.from(password);
  for (const form of [
    password,
    password.replace(' ', '%20'),
    bytes.toString('base64'),
    bytes.toString('hex'),
  ]) {
    for (const text of [...outputs, ...files]) expect(text.includes(form)).toBe(false);
  }
}, 120_000);
