import { chmodSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { directoryFed, fileFed, Hub, keptByHand, numbered } from '../tables/hub.ts';
import { type Outcome, Program } from './program.ts';

const program = Program.forFile();

const check = (hub: Hub): Promise<Outcome> => program.run(['check', '--config', hub.configFile]);

async function hub(sections = ''): Promise<Hub> {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table') + fileFed('mlist_table') + keptByHand('local_domains') + sections);
  await hub.serve(numbered(0, 50));
  hub.put('in/mlist_table.dat', numbered(0, 10, 'list'));
  hub.put('etc/local_domains.dat', 'example.ac.uk:\n');
  await hub.build();
  return hub;
}

test('a hub in order: every point is named, status 0', async () => {
  const { status, stdout, stderr } = await check(await hub());
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const point of [
    /^ok: configuration: .* has 3 tables$/m,
    /^ok: format: tables are written as bdb/m,
    /^ok: tables_dir: .* can be written to$/m,
    /^ok: state_dir: /m,
    /^ok: table exch_table: 50 entries; the dbm file is sound/m,
    /^ok: table mlist_table: .*mlist_table\.dat gives 10 entries$/m,
    /^ok: table local_domains: 1 entries/m,
    /^ok: directory ad: ldap:.* answers; without encryption; bound as .*recipients found/m,
  ]) {
    expect(stdout).toMatch(point);
  }
});

test('how changes are found is named, and that deletions are not among them', async () => {
  const blind = await hub();
  expect((await check(blind)).stdout).toMatch(/^ok: directory ad: .*; changes by DirSync$/m);
  const server = await blind.serve(numbered(0, 50));
  server.showDeletions(false);
  blind.configure(directoryFed('exch_table'));
  const { status, stderr } = await check(blind);
  expect(status).toBe(0);
  expect(stderr).toMatch(
    /^warning: directory ad: what is deleted there stays .* may not read the container/m,
  );
});

test('a source that can not be read is a problem, status 4', async () => {
  const broken = await hub();
  rmSync(broken.at('in/mlist_table.dat'));
  const { status, stderr } = await check(broken);
  expect(status).toBe(4);
  expect(stderr).toMatch(/^problem: table mlist_table: .*mlist_table\.dat.*ENOENT/m);
});

test('a csv column that is not there is a problem, status 4', async () => {
  const broken = new Hub();
  writeFileSync(broken.at('in/sm.csv'), 'alias,student_id\na,s1\n');
  broken.configure(
    `[tables.sm_table]\n[[tables.sm_table.sources]]\ncsv = "${broken.at('in/sm.csv')}"\nkey = "{alias}"\nvalue = "{studentid}"\n`,
  );
  const { status, stderr } = await check(broken);
  expect(status).toBe(4);
  expect(stderr).toMatch(/sm\.csv.*studentid/);
});

test('a directory that does not answer, or refuses the password, is a problem, status 4', async () => {
  const broken = await hub();
  writeFileSync(broken.at('secret'), 'wrong', { mode: 0o600 });
  const refused = await check(broken);
  expect(refused.status).toBe(4);
  expect(refused.stderr).toMatch(/^problem: directory ad: .*invalidCredentials/m);

  broken.urlsBefore = ['ldap://127.0.0.1:1'];
  const server = await broken.serve(numbered(0, 50));
  await server.stop();
  const silent = await check(broken);
  expect(silent.status).toBe(4);
  expect(silent.stderr.match(/^problem: directory ad: .*ECONNREFUSED/gm)).toHaveLength(2);
});

test('each server of urls is asked: one that does not answer is a warning, since runs pass over it', async () => {
  const half = await hub();
  half.urlsBefore = ['ldap://127.0.0.1:1'];
  await half.serve(numbered(0, 50));
  const { status, stdout, stderr } = await check(half);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ok: directory ad: ldap:\S+ answers/m);
  expect(stderr).toMatch(/^warning: directory ad: ldap:\/\/127\.0\.0\.1:1: no connection: .*ECONNREFUSED/m);
});

test('a filter that finds nothing is a warning', async () => {
  const odd = await hub(directoryFed('o365_table').replace(/filter = .*/, 'filter = "(homMDB=*)"'));
  const { stderr } = await check(odd);
  expect(stderr).toMatch(/^warning: table o365_table: the filter \(homMDB=\*\) finds nothing/m);
});

test.each([
  ['cut off', (path: string) => truncateSync(path, 100)],
  ['missing', (path: string) => rmSync(path)],
])('a dbm file that is %s is a problem, status 1', async (_, damage) => {
  const broken = await hub();
  damage(broken.at('etc/mlist_table'));
  const { status, stderr } = await check(broken);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^problem: table mlist_table: .*the next run rebuilds it/m);
});

test('a directory in the place of a dbm file is a problem that says what to do', async () => {
  const broken = await hub();
  rmSync(broken.at('etc/mlist_table'));
  mkdirSync(broken.at('etc/mlist_table'));
  const { status, stderr } = await check(broken);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^problem: table mlist_table: .*it is a directory; remove it/m);
});

test('files of a former format are named', async () => {
  const changed = await hub();
  changed.put('etc/mlist_table.cdb', 'left over');
  const { status, stderr } = await check(changed);
  expect(status).toBe(0);
  expect(stderr).toMatch(/^warning: table mlist_table: .*mlist_table\.cdb is not written any more/m);
});

test('what is protected and is not there is named: a mistyped key protects nobody', async () => {
  const typo = new Hub();
  typo.configure(
    fileFed(
      't',
      'protected = ["user000001@example.ac.uk", "@example.ac.uk", "postmster@example.ac.uk", "@exmple.ac.uk"]',
    ),
  );
  typo.put('in/t.dat', numbered(0, 3));
  await typo.build();
  const { status, stderr } = await check(typo);
  expect(status).toBe(0);
  expect(stderr).toBe(
    'warning: table t: protected, but not in the table: postmster@example.ac.uk, @exmple.ac.uk; is it mistyped?\n',
  );
});

test('a password that others can read is wrong configuration, status 78', async () => {
  const open = await hub();
  chmodSync(open.at('secret'), 0o644);
  const { status, stderr } = await check(open);
  expect(status).toBe(78);
  expect(stderr).toMatch(/mailhub-tables\.toml:\d+: directory\.ad\.password_file: .*chmod/);
});

test('--json: one document, with the status', async () => {
  const { configFile } = await hub();
  const { status, stdout } = await program.run(['check', '--json', '--config', configFile]);
  const document = JSON.parse(stdout);
  expect(document.status).toBe(status);
  expect(document.observations).toContainEqual(
    expect.objectContaining({ subject: 'tables_dir', verdict: 'ok', cause: null }),
  );
});

test('overrides that can not be read, and a table made of others that is damaged, are problems', async () => {
  const hub = new Hub();
  hub.configure(`[combined.all_table]\ntables = ["mlist_table"]\n${fileFed('mlist_table')}`);
  hub.put('in/mlist_table.dat', numbered(0, 10));
  await hub.build();
  expect((await check(hub)).stdout).toMatch(
    /^ok: table all_table: made of mlist_table; the dbm file is sound$/m,
  );
  hub.put('etc/all_table', 'damage');
  hub.put('state/overrides.json', '{');
  const { status, stderr } = await check(hub);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^problem: table all_table: .*the next run rebuilds it$/m);
  expect(stderr).toMatch(/^problem: overrides: .*overrides\.json: it is no JSON/m);
});
