import { rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../fixtures/server/fault.ts';
import { startFixtureServer } from '../../fixtures/server/server.ts';
import { Program } from '../cli/program.ts';
import { queryState } from '../state/query.ts';
import { directoryFed, fileFed, Hub, keptByHand, numbered, without } from '../tables/hub.ts';

const program = Program.forFile();

const build = (hub: Hub) => program.run(['build', '--config', hub.configFile]);
const published = numbered(0, 120);
/** Seven pages. What came before a fault on page 5 would be larger than what is published, and pass the guard. */
const wanted = numbered(0, 320);

/** A hub with every table published once, where the directory and the other inputs have news. */
async function hub() {
  const hub = new Hub();
  hub.configure(
    directoryFed('exch_table') +
      directoryFed('o365_table') +
      fileFed('mlist_table') +
      keptByHand('local_domains'),
  );
  await hub.serve(published);
  hub.put('in/mlist_table.dat', numbered(0, 10));
  hub.put('etc/local_domains.dat', 'example.ac.uk:\n');
  await hub.build();
  hub.put('in/mlist_table.dat', numbered(0, 11));
  hub.put('etc/local_domains.dat', 'example.ac.uk:\nlib.example.ac.uk:\n');
  const server = await hub.serve(wanted);
  return { hub, server };
}

const place = { page: 5, entry: 20 };
const faults: [Fault, RegExp][] = [
  [{ kind: 'close' }, /closed|ended|reset/i],
  [{ kind: 'bind', result: 'invalidCredentials' }, /invalidCredentials/],
  [{ kind: 'bind', result: 'strongerAuthRequired' }, /strongerAuthRequired/],
  [{ kind: 'bind', result: 'busy' }, /busy/],
  [{ kind: 'drop', page: 5, entry: 0 }, /closed|ended|reset/],
  [{ kind: 'drop', ...place }, /closed|ended|reset/],
  [{ kind: 'hang', ...place }, /no answer|time/],
  [{ kind: 'garbage', ...place }, /LDAP|protocol/],
  [{ kind: 'result', result: 'sizeLimitExceeded', ...place }, /sizeLimitExceeded/],
  [{ kind: 'result', result: 'timeLimitExceeded', ...place }, /timeLimitExceeded/],
  [{ kind: 'result', result: 'adminLimitExceeded', ...place }, /adminLimitExceeded/],
  [{ kind: 'result', result: 'operationsError', ...place }, /operationsError/],
  [{ kind: 'result', result: 'referral', ...place }, /referral/],
  [{ kind: 'result', result: 'noSuchObject', ...place }, /noSuchObject/],
  [{ kind: 'result', result: 'busy', ...place }, /busy/],
  [{ kind: 'no-control', page: 5 }, /paged[- ]results/],
  [{ kind: 'no-control', page: 1 }, /paged[- ]results/],
  [{ kind: 'same-cookie', page: 3 }, /in a circle/],
];

test.each(faults)('%j: status 4, its tables are untouched, the others published', async (fault, message) => {
  const { hub: failing, server } = await hub();
  server.setFault(fault);
  const before = failing.stamps();
  const { status, stdout, stderr } = await build(failing);
  expect(status).toBe(4);
  for (const name of ['exch_table', 'o365_table']) {
    expect(stdout).toMatch(new RegExp(`^${name}: failed, 120 -> 120 entries`, 'm'));
    const line = stderr.split('\n').find((each) => each.startsWith(`${name}: failed: `));
    expect(line).toContain(`directory ad: ${server.url}: `);
    expect(line).toMatch(message);
    for (const file of [name, `${name}.dat`]) expect(failing.stamps()[file]).toBe(before[file]);
  }
  expect(stdout).toMatch(/^mlist_table: published/m);
  expect(stdout).toMatch(/^local_domains: published/m);
  expect(failing.files().filter((file) => /tmp|^\./.test(file))).toEqual([]);

  server.setFault();
  // As the message says, for a password that was refused.
  rmSync(failing.at('state/accounts.json'), { force: true });
  await failing.build();
  expect(failing.exim('exch_table')).toEqual(wanted);
  expect(failing.exim('o365_table')).toEqual(wanted);
});

test('an empty page with a cookie is not the end: the table is whole', async () => {
  const { hub: hub1, server } = await hub();
  server.setFault({ kind: 'empty-page', page: 5 });
  expect((await build(hub1)).status).toBe(0);
  expect(hub1.exim('exch_table')).toEqual(wanted);
});

test('a password that is wrong is tried once, whatever the number of tables', async () => {
  const { hub: locked, server } = await hub();
  locked.put('secret', 'guessed wrong');
  expect((await build(locked)).status).toBe(4);
  expect(server.counters.binds).toBe(1);

  const again = await build(locked);
  expect(again.status).toBe(4);
  expect(again.stderr).toMatch(
    /exch_table: failed: .*refused by ldap:.* not tried again before .* remove .*accounts\.json$/m,
  );
  expect(server.counters.binds, 'nor by the next run').toBe(1);
  expect(again.stdout).toMatch(/^directory ad: not asked$/m);

  locked.put('secret', 'correct horse');
  expect((await build(locked)).status).toBe(0);
  expect(server.counters.binds).toBe(2);
});

test('a run says why it asked for everything, and nothing where it did not', async () => {
  const { hub: fresh } = await hub();
  rmSync(fresh.at('state/mirror'), { recursive: true, force: true });
  const why = async (...flags: string[]) =>
    /^directory ad: .*\n(?: {2}everything was asked for: (.*)\n)?/m.exec(
      (await program.run(['build', ...flags, '--config', fresh.configFile])).stdout,
    )?.[1];
  expect(await why()).toBe('there is no mirror yet');
  expect(await why()).toBeUndefined();
  expect(await why('--full')).toBe('--full asks for it');
});

test('the history knows the object of an entry, by the name that the mirror had for it, when there is no mirror any more', async () => {
  const { hub: fresh } = await hub();
  const explain = async (key: string) => {
    const { stdout } = await program.run(['explain', '--json', '--config', fresh.configFile, key]);
    return JSON.parse(stdout).found[0].origin;
  };
  await build(fresh);
  const [last] = [...wanted.keys()].slice(-1);
  const origin = await explain(last);
  expect(origin.guid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  rmSync(fresh.at('state/mirror'), { recursive: true });
  expect(await explain(last)).toEqual(origin);
});

test('a server that is busy for a moment is asked again within the run, and the run says so', async () => {
  const { hub: patient } = await hub();
  patient.retryFor = 30;
  const server = await patient.serve(wanted);
  server.setFault({ kind: 'result', result: 'busy', ...place, times: 1 });
  const { status, stdout } = await build(patient);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^directory ad: ldap:\S+: 2 attempts, /m);
  expect(patient.exim('exch_table')).toEqual(wanted);
});

test('one search feeds all tables of a directory', async () => {
  const { hub: shared, server } = await hub();
  await build(shared);
  const pages = Math.ceil(wanted.size / 50);
  expect(server.counters.connections).toBe(1);
  expect(server.counters.entries - wanted.size, 'besides what the server says of itself').toBeLessThan(8);
  expect(server.counters.searches).toBeLessThan(pages + 15);
});

test('where one server breaks off, the next one is asked from the beginning, and nothing comes twice or is mixed', async () => {
  const { hub: lucky } = await hub();
  const other = await startFixtureServer({
    ldif: [
      { dn: 'DC=ad,DC=example,DC=ac,DC=uk', attributes: [['objectClass', Buffer.from('domainDNS')]] },
      {
        dn: 'CN=reader,DC=ad,DC=example,DC=ac,DC=uk',
        attributes: [
          ['objectClass', Buffer.from('user')],
          ['userPassword', Buffer.from('correct horse')],
        ],
      },
      ...Array.from({ length: 200 }, (_, i) => ({
        dn: `CN=${i},DC=ad,DC=example,DC=ac,DC=uk`,
        attributes: [
          ['objectClass', Buffer.from('user')],
          ['proxyAddresses', Buffer.from(`smtp:stale${i}@example.ac.uk`)],
          ['targetAddress', Buffer.from('stale@example.ac.uk')],
        ] as const,
      })),
    ],
    faults: [{ kind: 'drop', page: 3, entry: 7 }],
  });
  onTestFinished(() => other.stop());
  lucky.urlsBefore = ['ldap://127.0.0.1:1', other.url];
  await lucky.serve(wanted);
  expect(await build(lucky)).toMatchObject({ status: 0 });
  expect(lucky.exim('exch_table')).toEqual(wanted);
  expect(other.counters.entries).toBeGreaterThan(100);
});

test('an optional source that fails removes nothing: the table is built, and says so', async () => {
  const { hub: patient, server } = await hub();
  patient.configure(
    `${fileFed('exch_table', 'max_removed = "100%"')}${directoryFed('exch_table').replace(/^.*\n/, '')}optional = true\n`,
  );
  const local = numbered(500, 510);
  patient.put('in/exch_table.dat', local);
  expect((await build(patient)).status).toBe(0);
  expect(patient.exim('exch_table')).toEqual(new Map([...wanted, ...local]));

  server.setFault({ kind: 'drop', ...place });
  const [gone] = [...local.keys()];
  patient.put(
    'in/exch_table.dat',
    new Map([...without(local, gone ?? ''), ['new@example.ac.uk', 'x@example.ac.uk']]),
  );
  const { status, stderr } = await program.run(['build', '--full', '--config', patient.configFile]);
  expect(status).toBe(0);
  expect(stderr).toContain(server.url);
  expect(patient.exim('exch_table')).toEqual(
    new Map([...wanted, ...local, ['new@example.ac.uk', 'x@example.ac.uk']]),
  );

  server.setFault();
  expect((await build(patient)).status).toBe(0);
  expect(patient.exim('exch_table')?.has(gone ?? ''), 'once it answers, what is gone goes').toBe(false);
});

test('only the attributes that filters and templates need are asked for, and the state keeps what each server was asked', async () => {
  const frugal = new Hub();
  frugal.urlsBefore = ['ldap://127.0.0.1:1'];
  frugal.configure(directoryFed('exch_table'));
  const server = await frugal.serve(published);
  const { directories } = await frugal.build();
  const ofPages = server.asked
    .map(({ attributes }) => attributes)
    .filter((names) => names.includes('targetAddress'));
  expect(ofPages).toHaveLength(Math.ceil(published.size / 50));
  for (const attributes of ofPages) {
    expect(attributes.toSorted()).toEqual(['objectGUID', 'proxyAddresses', 'targetAddress']);
  }

  const { requests, entries, bytes, connections } = server.counters;
  const [nobody, asked] = directories[0]?.servers ?? [];
  expect(connections).toBe(1);
  expect(nobody).toMatchObject({
    url: 'ldap://127.0.0.1:1',
    requests: 0,
    failure: expect.stringContaining('ECONNREFUSED'),
  });
  // The server has heard a goodbye, and said something to the bind.
  expect(asked).toMatchObject({
    url: server.url,
    attempts: 1,
    requests: requests - 1,
    entries,
    failure: undefined,
  });
  expect(bytes - (asked?.bytes ?? 0)).toBeLessThan(50);
  const [run] = queryState<{ load: string }>(frugal.stateDir, 'SELECT load FROM runs');
  expect(JSON.parse(run?.load ?? '')).toMatchObject([
    { name: 'ad', servers: [{ url: nobody?.url }, { url: server.url, bytes: asked?.bytes }] },
  ]);
});
