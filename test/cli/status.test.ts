import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { directoryFed, fileFed, Hub, keptByHand, numbered } from '../tables/hub.ts';
import { Program } from './program.ts';

const program = Program.forFile();

const run = (hub: Hub, ...args: string[]) => program.run([...args, '--config', hub.configFile]);

/** A hub with a table of each kind: published, held, pinned, failed. */
async function fourKinds(): Promise<Hub> {
  const hub = new Hub();
  hub.configure(fileFed('a_table') + fileFed('b_table') + keptByHand('local_domains') + fileFed('d_table'));
  for (const name of ['a_table', 'b_table', 'd_table']) hub.put(`in/${name}.dat`, numbered(0, 10, name));
  hub.put('etc/local_domains.dat', numbered(0, 3));
  expect(await run(hub, 'build')).toMatchObject({ status: 0 });
  expect(await run(hub, 'pin', 'local_domains', '--reason', 'a migration')).toMatchObject({ status: 0 });
  hub.put('in/a_table.dat', numbered(0, 12, 'a_table'));
  hub.put('in/b_table.dat', numbered(0, 2, 'b_table'));
  rmSync(hub.at('in/d_table.dat'));
  expect(await run(hub, 'build')).toMatchObject({ status: 4 });
  return hub;
}

const lineOf = (stdout: string, name: string): string =>
  stdout.split('\n').find((line) => line.startsWith(`${name} `)) ?? '';

describe('status', () => {
  test('shows each table on a line: entries, last change, and what it waits for', async () => {
    const hub = await fourKinds();
    const { status, stdout, stderr } = await run(hub, 'status');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(lineOf(stdout, 'a_table')).toMatch(/ 12 .* run 3 \+2 -0 ~0 +ok$/);
    expect(lineOf(stdout, 'b_table')).toMatch(/ 10 .* run 1 .* held since .*: 8 of 10 entries removed/);
    expect(lineOf(stdout, 'local_domains')).toMatch(/ 3 .* pinned since .* by .*: a migration$/);
    expect(lineOf(stdout, 'd_table')).toMatch(/ 10 .* failed since .*d_table\.dat/);
    expect(stdout).toMatch(/^last run: 3, /m);
    const json = JSON.parse((await run(hub, 'status', '--json')).stdout);
    expect(json.tables).toMatchObject([
      { name: 'a_table', entries: 12, outcome: { outcome: 'published' } },
      { name: 'b_table', entries: 10, outcome: { outcome: 'held' } },
      { name: 'local_domains', entries: 3, pin: { why: 'a migration' } },
      { name: 'd_table', entries: 10, outcome: { outcome: 'failed' } },
    ]);
  });

  test('says since when a table is held, not when it was last seen so', async () => {
    const hub = await fourKinds();
    const before = JSON.parse((await run(hub, 'status', '--json')).stdout).tables[1].since;
    await run(hub, 'build');
    expect(JSON.parse((await run(hub, 'status', '--json')).stdout).tables[1].since).toBe(before);
  });

  test('a table stays held for what somebody decided about a part of it, and the next step stands below', async () => {
    const hub = await fourKinds();
    const held = async () => {
      const { stdout } = await run(hub, 'status');
      expect(lineOf(stdout, 'b_table')).toMatch(/ held since .*: 8 of 10 entries removed/);
      expect(stdout).toContain(`next: mailhub-tables review --config ${hub.configFile} shows what is held`);
    };
    await held();
    await run(hub, 'reject', 'b_table', '--reason', 'half a file');
    await held();
    await run(hub, 'override', 'add', 'b_table', 'new@example.ac.uk', 'n@x', '--reason', 'in a hurry');
    await held();
    await run(hub, 'pin', 'b_table');
    await run(hub, 'unpin', 'b_table');
    await held();
  });

  test.each([
    ['is gone', undefined],
    ['is damaged', randomBytes(5000)],
    ['is of another version', Buffer.alloc(0)],
  ])('still tells what is published and pinned when the state %s, and says so', async (_, content) => {
    const hub = await fourKinds();
    rmSync(hub.at('state/state.sqlite'));
    if (content !== undefined) hub.put('state/state.sqlite', content);
    const stamps = hub.stamps('state');
    const { status, stdout, stderr } = await run(hub, 'status');
    expect(status).toBe(0);
    expect(stderr).toMatch(/nothing is known of earlier runs: .*state\.sqlite/);
    expect(lineOf(stdout, 'a_table')).toMatch(/ 12 /);
    expect(lineOf(stdout, 'local_domains')).toMatch(/ 3 .* pinned since/);
    expect(hub.stamps('state')).toEqual(stamps);
  });

  test('says when a directory was last asked for everything, and how the tables made of others stand', async () => {
    const hub = new Hub();
    hub.configure(`[combined.all_table]\ntables = ["exch_table"]\n${directoryFed('exch_table')}`);
    await hub.serve(numbered(0, 10));
    expect((await run(hub, 'status')).stdout).toMatch(
      /^directory ad: last full extraction: none that is remembered/m,
    );
    await run(hub, 'build');
    const { stdout } = await run(hub, 'status');
    expect(stdout).toMatch(/^directory ad: last full extraction: \d{4}-\d\d-\d\d \d\d:\d\d, 0 min ago$/m);
    expect(stdout).toMatch(/^all_table: made of other tables, 10 entries, 0 min old$/m);
  });

  test('names a table that Exim can not read', async () => {
    const hub = await fourKinds();
    hub.put('etc/a_table', 'damage');
    expect(lineOf((await run(hub, 'status')).stdout, 'a_table')).toMatch(/can't be read: /);
  });
});

describe('history', () => {
  test('lists what runs did, the latest first, and who decided what and why', async () => {
    const hub = await fourKinds();
    const { status, stdout } = await run(hub, 'history');
    expect(status).toBe(0);
    const runs = [...stdout.matchAll(/^ *(\d+) .*? (build|pin) +(\w+) +(\w+)/gm)].map(([, ...each]) =>
      each.join(' '),
    );
    expect(runs).toContain('3 build a_table published');
    expect(runs).toContain('3 build b_table held');
    expect(runs).toContain('2 pin local_domains pinned');
    expect(runs.at(0)).toMatch(/^3 /);
    expect(stdout).toContain(': a migration');
  });

  test('of one table, and of as many runs as are asked for', async () => {
    const hub = await fourKinds();
    const tables = JSON.parse((await run(hub, 'history', 'a_table', '--json')).stdout).runs;
    expect(tables.map(({ run: { id } }: { run: { id: number } }) => id)).toEqual([3, 1]);
    expect(JSON.parse((await run(hub, 'history', '--json', '-n', '1')).stdout).runs).toHaveLength(1);
  });

  test('leaves hours out in which nothing changed, unless they are asked for', async () => {
    const hub = new Hub();
    hub.configure(fileFed('a_table'));
    hub.put('in/a_table.dat', numbered(0, 10));
    for (let hour = 0; hour < 3; hour++) await run(hub, 'build');
    expect(JSON.parse((await run(hub, 'history', '--json')).stdout).runs).toHaveLength(1);
    expect(JSON.parse((await run(hub, 'history', '--json', '--all')).stdout).runs).toHaveLength(3);
  });

  test('says once that a table is held, pinned or failed, until that changes', async () => {
    const hub = await fourKinds();
    await run(hub, 'build');
    await run(hub, 'build');
    const listed = async (...flags: string[]) =>
      JSON.parse((await run(hub, 'history', '--json', ...flags)).stdout).runs.map(
        ({ run }: { run: { id: number } }) => run.id,
      );
    expect(await listed()).toEqual([3, 2, 1]);
    expect(await listed('--all')).toEqual([5, 4, 3, 2, 1]);
    hub.put('in/b_table.dat', numbered(0, 3, 'b_table'));
    await run(hub, 'build');
    expect(await listed()).toEqual([6, 3, 2, 1]);
  });

  test('refuses a table that is not there, and a number that is none', async () => {
    const hub = await fourKinds();
    expect(await run(hub, 'history', 'x_table')).toMatchObject({ status: 64 });
    expect(await run(hub, 'history', '-n', 'x')).toMatchObject({
      status: 64,
      stderr: expect.stringMatching(/^mailhub-tables: option .* whole number\.\n.* --help says/),
    });
  });

  test('a roll-back goes by the number that it shows', async () => {
    const hub = await fourKinds();
    expect(await run(hub, 'rollback', 'a_table', '--to', '1', '--reason', 'too early')).toMatchObject({
      status: 0,
    });
    expect(hub.exim('a_table')).toEqual(numbered(0, 10, 'a_table'));
    expect((await run(hub, 'history', 'a_table')).stdout).toMatch(
      /rollback +a_table +published .*\n.*: too early/,
    );
    expect(await run(hub, 'rollback', 'a_table', '--to', '99')).toMatchObject({ status: 64 });
    expect(await run(hub, 'rollback', 'a_table', '--to', 'yesterday')).toMatchObject({ status: 64 });
  });
});
