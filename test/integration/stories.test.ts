// What postmasters live through, on a real terminal and without one; each story ends with what Exim finds.
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Outcome, Program } from '../cli/program.ts';
import { Terminal } from '../cli/terminal.ts';
import { queryState } from '../state/query.ts';
import { type Entries, fileFed, Hub, numbered, withEntries, without } from '../tables/hub.ts';
import { Exim } from './exim.ts';

const program = Program.forFile();
const exim = new Exim();
afterAll(() => exim.close());

const run = (hub: Hub, ...args: readonly string[]): Promise<Outcome> =>
  program.run([...args, '--config', hub.configFile]);

/** The hourly job, which nobody watches. @returns its status, and what cron would mail */
async function hour(hub: Hub): Promise<{ readonly status: number | undefined; readonly mail: string }> {
  const { status, stderr } = await run(hub, 'build');
  return { status, mail: stderr };
}

/** The command that a review ends with. */
function approvalIn(screen: string): string[] {
  // A terminal breaks what is longer than its lines.
  const found = /mailhub-tables (approve [^\n]*(?:\n\S[^\n]*)*)/.exec(screen)?.[1] ?? '';
  return found.replaceAll('\n', '').trim().split(/ +/);
}

/** What Exim and db_dump find must be these entries and no others. */
async function eximFinds(
  hub: Hub,
  table: string,
  entries: Entries,
  gone: readonly string[] = [],
): Promise<void> {
  expect(hub.exim(table)).toEqual(entries);
  const keys = [...entries.keys()].filter((_, i, all) => i % Math.ceil(all.length / 20) === 0);
  expect(await exim.lookup(join(hub.tablesDir, table), [...keys, ...gone])).toEqual([
    ...keys.map((key) => entries.get(key)),
    ...gone.map(() => undefined),
  ]);
}

/** Addresses at St. Mary's, the school that goes. */
function school(from: number, to: number): Map<string, string> {
  return new Map(
    Array.from({ length: to - from }, (_, i) => [
      `pupil${from + i}@stmarys.example.ac.uk`,
      `box${from + i}@mail.example.ac.uk`,
    ]),
  );
}

/** Two tables that one directory feeds: who has a mailbox here, and who has moved to Office 365. */
function exchange(guard: string): string {
  return [
    ['exch_table', 'mail.example.ac.uk'],
    ['o365_table', 'example.mail.onmicrosoft.com'],
  ]
    .map(
      ([name, domain]) =>
        `[tables.${name}]\nguard = { ${guard} }\n[[tables.${name}.sources]]\ndirectory = "ad"\n` +
        `filter = "(targetAddress=*@${domain})"\nkey = "{address}"\nvalue = "{targetAddress}"\n`,
    )
    .join('');
}

const migrated = (entries: Entries): Map<string, string> =>
  new Map(
    [...entries].map(([key, value]) => [
      key,
      value.replace('@mail.example.ac.uk', '@example.mail.onmicrosoft.com'),
    ]),
  );

describe('a school is deleted in Active Directory by mistake', () => {
  const others = numbered(0, 400);
  const everybody = withEntries(others, ...school(0, 6));

  async function deleted(): Promise<Hub> {
    const hub = new Hub();
    // Six of four hundred: no limit on the whole table would say a word.
    hub.configure(exchange('max_removed = "10%", max_removed_per_domain = "50%"'));
    await hub.serve(everybody);
    await run(hub, 'build', '--allow-empty');
    await hub.serve(others);
    return hub;
  }

  test('on a terminal: it is seen in a minute, refused, mended, and nobody lost a mail', async () => {
    const hub = await deleted();
    const terminal = new Terminal();
    const build = await terminal.run(program.line('build', '--config', hub.configFile));
    expect(build.status).toBe(3);
    expect(build.screen).toContain('the domain stmarys.example.ac.uk would be gone: all 6 entries');

    terminal.type(`clear; ${program.line('review', '--config', hub.configFile)}; echo "[$?]"`);
    const review = await terminal.shows(/approve exch_table/);
    expect(review).toMatch(/6 of 6 go {2}stmarys.example.ac.uk {2}all of it/);
    expect(terminal.screen(true)).toMatch(/\p{Cc}\[[0-9;]*31m.*all of it/u);
    await terminal.shows(/^\[3\]$/m);
    const plain = await terminal.run(`NO_COLOR=1 ${program.line('review', '--config', hub.configFile)}`);
    expect(plain.screen).toContain('all of it');
    expect(terminal.screen(true)).not.toMatch(/\p{Cc}\[[0-9;]*3[123]m/u);

    const reject = program.line(
      'reject',
      'exch_table',
      '--reason',
      'ticket-4711',
      '--config',
      hub.configFile,
    );
    expect((await terminal.run(reject)).status).toBe(0);
    expect(await hour(hub), 'quiet until it is mended').toEqual({ status: 3, mail: '' });
    await eximFinds(hub, 'exch_table', everybody);
    await hub.serve(withEntries(everybody, ['late@example.ac.uk', 'late@mail.example.ac.uk']));
    expect(await hour(hub)).toEqual({ status: 0, mail: '' });
    await eximFinds(
      hub,
      'exch_table',
      withEntries(everybody, ['late@example.ac.uk', 'late@mail.example.ac.uk']),
    );
  });

  test('the review names the unit and each object, from what the last extraction learnt', async () => {
    const hub = new Hub();
    hub.configure(exchange('max_removed = 5'));
    const schools = ['stmarys.example.ac.uk'];
    await hub.serve(everybody, schools);
    await run(hub, 'build', '--allow-empty');
    await hub.serve(others, schools);
    await hour(hub);
    const { stdout } = await run(hub, 'review');
    expect(stdout).toMatch(
      /^organisational units of what would go\n {2}6 {2}OU=stmarys.example.ac.uk,DC=ad,/m,
    );
    expect(stdout).toMatch(/^ {2}6 {2}no longer brought by the directory$/m);
    const { held } = JSON.parse((await run(hub, 'review', '--json')).stdout);
    expect(held[0].entries[0]).toMatchObject({
      key: 'pupil0@stmarys.example.ac.uk',
      origin: { directory: 'ad', dn: 'CN=pupil0,OU=stmarys.example.ac.uk,DC=ad,DC=example,DC=ac,DC=uk' },
    });

    expect((await program.run(approvalIn(stdout))).status).toBe(0);
    await eximFinds(hub, 'exch_table', others);
    const remembered = queryState<{ dn: string; count: number }>(
      hub.stateDir,
      'SELECT dn, count(*) AS count FROM changes JOIN origins ON origins.id = changes.origin WHERE kind = 1 GROUP BY dn',
    );
    expect(remembered).toHaveLength(6);
    expect(remembered[0]).toEqual({ dn: expect.stringMatching(/^CN=pupil\d,OU=stmarys/), count: 1 });
  });

  test('without a terminal: cron mails the reason, and the command that shows more', async () => {
    const hub = await deleted();
    const { status, mail } = await hour(hub);
    expect(status).toBe(3);
    expect(mail).toMatch(
      /^exch_table: held: the domain stmarys.example.ac.uk would be gone: all 6 entries .*such as pupil0@/m,
    );
    expect(mail).toMatch(
      /^exch_table: next: mailhub-tables review exch_table --config .* shows what would go/m,
    );
    await eximFinds(hub, 'exch_table', everybody);
  });
});

test('a wave of mailboxes moves to Office 365: held, shown as a move, approved, and never in neither table', async () => {
  const hub = new Hub();
  hub.configure(exchange('max_removed = 50, max_added = 400'));
  const staying = numbered(0, 300);
  const moving = numbered(300, 600);
  const cloud = migrated(numbered(900, 950));
  await hub.serve(withEntries(staying, ...moving, ...cloud));
  expect((await hour(hub)).status).toBe(0);
  await hub.serve(withEntries(staying, ...migrated(moving), ...cloud));

  expect((await hour(hub)).status).toBe(3);
  await eximFinds(hub, 'o365_table', withEntries(cloud, ...migrated(moving)));
  await eximFinds(hub, 'exch_table', withEntries(staying, ...moving));
  const terminal = new Terminal();
  const { screen } = await terminal.run(program.line('review', '--config', hub.configFile));
  expect(screen).toMatch(/^ +300 {2}moves to o365_table$/m);
  expect(screen).not.toMatch(/deleted|no longer brought/);
  expect((await program.run(approvalIn(screen))).status).toBe(0);
  await eximFinds(hub, 'exch_table', staying, [...moving.keys()].slice(0, 3));
  expect(await hour(hub)).toEqual({ status: 0, mail: '' });
});

test('the list server delivers half a file: the lists stay, and the next whole file is published by itself', async () => {
  const hub = new Hub();
  hub.configure(fileFed('mlist_table'));
  const lists = numbered(0, 300, 'list');
  hub.put('in/mlist_table.dat', lists);
  await hour(hub);
  const whole = hub.text('in/mlist_table.dat');
  hub.put('in/mlist_table.dat', whole.slice(0, Math.floor(whole.length / 2.5)));
  const { status, mail } = await hour(hub);
  expect(status).toBe(3);
  expect(mail).toContain('entries removed, more than half');
  const { stdout } = await run(hub, 'review');
  expect(stdout).toMatch(/no longer in its file: the source is shorter/);
  await eximFinds(hub, 'mlist_table', lists);
  hub.put('in/mlist_table.dat', withEntries(lists, ['late@lists.example.ac.uk', 'x@lists.example.ac.uk']));
  expect(await hour(hub)).toEqual({ status: 0, mail: '' });
  await eximFinds(
    hub,
    'mlist_table',
    withEntries(lists, ['late@lists.example.ac.uk', 'x@lists.example.ac.uk']),
  );
});

test('a table is held for three days while other changes go on; the first review is still good', async () => {
  const hub = new Hub();
  hub.configure(exchange('max_removed = 5') + fileFed('mlist_table'));
  const before = numbered(0, 100);
  const cloud = migrated(numbered(900, 950));
  await hub.serve(withEntries(before, ...cloud));
  hub.put('in/mlist_table.dat', numbered(0, 20, 'list'));
  await hour(hub);
  const left = numbered(10, 100);
  await hub.serve(withEntries(left, ...cloud));
  expect((await hour(hub)).status).toBe(3);
  const { stdout: review } = await run(hub, 'review', 'exch_table');
  const since = /held since (\S+ \S+) /.exec(review)?.[1];

  const starters: [string, string][] = [];
  for (let hours = 1; hours <= 6; hours++) {
    // Every hour somebody starts here, somebody in the cloud, and a list comes.
    starters.push([`starter${hours}@example.ac.uk`, `starter${hours}@mail.example.ac.uk`]);
    const inCloud = migrated(numbered(950, 950 + hours));
    await hub.serve(withEntries(left, ...starters, ...cloud, ...inCloud));
    hub.put('in/mlist_table.dat', numbered(0, 20 + hours, 'list'));
    expect((await hour(hub)).status).toBe(3);
    await eximFinds(hub, 'o365_table', withEntries(cloud, ...inCloud));
    await eximFinds(hub, 'mlist_table', numbered(0, 20 + hours, 'list'));
    await eximFinds(hub, 'exch_table', before);
  }
  expect((await run(hub, 'review')).stdout).toContain(`held since ${since} `);

  expect((await program.run(approvalIn(review))).status).toBe(0);
  await eximFinds(hub, 'exch_table', left);
  expect(await hour(hub), 'the newer one loses nobody against what was approved').toEqual({
    status: 0,
    mail: '',
  });
  await eximFinds(hub, 'exch_table', withEntries(left, ...starters));
});

test('two postmasters approve at once: one publishes, and the other hears who did', async () => {
  const hub = new Hub();
  hub.configure(fileFed('t', 'max_removed = 5'));
  hub.put('in/t.dat', numbered(0, 100));
  await hour(hub);
  hub.put('in/t.dat', numbered(10, 100));
  await hour(hub);
  const terminals = [new Terminal(), new Terminal({ SUDO_USER: 'pat' })];
  const interactive = program.line('approve', 't', '--interactive', '--config', hub.configFile);
  for (const terminal of terminals) {
    terminal.type(`clear; ${interactive}; echo "[$?]"`);
    await terminal.shows(/10 would go[\s\S]*publish t just so\? Type yes:/);
  }
  for (const terminal of terminals) terminal.type('yes');
  const screens = await Promise.all(terminals.map((terminal) => terminal.shows(/^\[\d+\]$/m)));
  const statuses = screens.map((screen) => Number(/^\[(\d+)\]$/m.exec(screen)?.[1]));
  expect(statuses.sort((a, b) => a - b)).toEqual([0, expect.toBeOneOf([5, 64])]);
  expect(screens.join()).toMatch(/another run holds the lock|t is not held.*approve by/);
  expect(screens.join()).toContain('t: published as reviewed, 100 -> 90 entries');
  await eximFinds(hub, 't', numbered(10, 100), ['user000003@example.ac.uk']);
});

test('and who says anything but yes publishes nothing', async () => {
  const hub = new Hub();
  hub.configure(fileFed('t', 'max_removed = 5'));
  hub.put('in/t.dat', numbered(0, 100));
  await hour(hub);
  hub.put('in/t.dat', numbered(10, 100));
  await hour(hub);
  const terminal = new Terminal();
  terminal.type(`clear; ${program.line('approve', 't', '-i', '--config', hub.configFile)}; echo "[$?]"`);
  await terminal.shows(/Type yes:/);
  terminal.type('y');
  expect(await terminal.shows(/^\[3\]$/m)).toContain('nothing was published');
  await eximFinds(hub, 't', numbered(0, 100));
});

test('a candidate changes between review and approve: what was seen is published, the rest is asked', async () => {
  const hub = new Hub();
  hub.configure(fileFed('t', 'max_removed = 5'));
  hub.put('in/t.dat', numbered(0, 100));
  await hour(hub);
  hub.put('in/t.dat', numbered(10, 100));
  await hour(hub);
  const terminal = new Terminal();
  const { screen } = await terminal.run(program.line('review', '--config', hub.configFile));
  hub.put('in/t.dat', without(numbered(10, 100), ...[...numbered(30, 60).keys()]));
  await hour(hub);
  expect((await program.run(approvalIn(screen))).status).toBe(0);
  await eximFinds(hub, 't', numbered(10, 100), ['user000003@example.ac.uk']);
  const { status, mail } = await hour(hub);
  expect(status).toBe(3);
  expect(mail).toContain('t: held: 30 of 90 entries removed');
  await eximFinds(hub, 't', numbered(10, 100));
});

test('a long review is paged: by less, by $PAGER, and not at all where nobody can turn pages', async () => {
  const hub = new Hub();
  hub.configure(Array.from({ length: 4 }, (_, i) => fileFed(`t${i}`)).join(''));
  for (let i = 0; i < 4; i++) hub.put(`in/t${i}.dat`, numbered(0, 100));
  await hour(hub);
  for (let i = 0; i < 4; i++) hub.put(`in/t${i}.dat`, numbered(80, 100));
  await hour(hub);
  const review = program.line('review', '--config', hub.configFile);
  const terminal = new Terminal();
  terminal.type(`clear; ${review}; echo "[$?]"`);
  expect(await terminal.shows(/^:$/m), 'less waits').not.toContain('t3: held');
  terminal.press('G');
  await terminal.shows(/approve t3/);
  terminal.press('q');
  await terminal.shows(/^\[3\]$/m);
  const counted = await terminal.run(`PAGER='grep -c held' ${review}`);
  expect(counted.screen).toMatch(/^\d+\n$/);
  const missing = await terminal.run(`PAGER=/no/such/pager ${review} | cat`);
  expect(missing.screen).toContain('approve t3');
});
