import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { directoryFed, fileFed, Hub, keptByHand, numbered, withEntries } from '../tables/hub.ts';
import { type Outcome, Program, type RunOptions } from './program.ts';

const program = Program.forFile();

const build = (hub: Hub, args: readonly string[] = [], options: RunOptions = {}): Promise<Outcome> =>
  program.run(['build', '--config', hub.configFile, ...args], options);

/** What the line of a table says, without its time. */
function lineOf({ stdout }: Outcome, table: string): string | undefined {
  return stdout
    .split('\n')
    .find((line) => line.startsWith(`${table}: `))
    ?.replace(/, \d+\.\d+ s$/, '');
}

test('says in a line a table what became of it, and what to do about the one that is held', async () => {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table') + fileFed('mlist_table') + keptByHand('local_domains'));
  await hub.serve(numbered(0, 100));
  hub.put('in/mlist_table.dat', numbered(0, 10, 'list'));
  hub.put('etc/local_domains.dat', 'example.ac.uk:\n');
  const first = await build(hub);
  expect(first).toMatchObject({ status: 0, stderr: '' });
  expect(lineOf(first, 'exch_table')).toBe(
    'exch_table: published, 0 -> 100 entries, 100 added, 0 removed, 0 changed',
  );
  expect(lineOf(first, 'local_domains')).toMatch(/^local_domains: published, 0 -> 1 entries/);

  const next = withEntries(numbered(0, 50), ['user000003@example.ac.uk', 'moved@mail.example.ac.uk']);
  await hub.serve(next);
  hub.put('in/mlist_table.dat', numbered(0, 12, 'list'));
  const second = await build(hub);
  expect(second.status).toBe(3);
  const lines = second.stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(5);
  // The server is another one than before.
  expect(lines[1]).toMatch(/^ {2}everything was asked for: ./);
  expect(lineOf(second, 'directory ad')).toMatch(
    /^directory ad: ldap:\/\/127\.0\.0\.1:\d+: \d+ requests, \d+ entries, \d+ kB$/,
  );
  expect(lineOf(second, 'exch_table')).toBe(
    'exch_table: held, 100 -> 50 entries, 0 added, 50 removed, 1 changed',
  );
  expect(lineOf(second, 'mlist_table')).toBe(
    'mlist_table: published, 10 -> 12 entries, 2 added, 0 removed, 0 changed',
  );
  expect(lineOf(second, 'local_domains')).toBe(
    'local_domains: unchanged, 1 -> 1 entries, 0 added, 0 removed, 0 changed',
  );
  const command = `review exch_table --config ${hub.configFile}`;
  expect(second.stderr).toContain(`exch_table: next: mailhub-tables ${command} shows what would go`);
  const { stdout: review } = await program.run(command.split(' '));
  const approval = /^ +mailhub-tables (approve .*)$/m.exec(review)?.[1] ?? '';
  expect((await program.run(approval.split(' '))).status, 'the command that it named').toBe(0);
  expect(hub.exim('exch_table')).toEqual(next);
});

describe('the exit status', () => {
  /** A hub that has a table for each trouble that is named. */
  async function troubled(...troubles: readonly ('machine' | 'source' | 'held')[]): Promise<Hub> {
    const hub = new Hub();
    const sections = [fileFed('fine')];
    hub.put('in/fine.dat', numbered(0, 3));
    if (troubles.includes('held')) {
      sections.push(fileFed('held', 'min_entries = 5'));
      hub.put('in/held.dat', numbered(0, 4));
    }
    if (troubles.includes('source')) sections.push(fileFed('source'));
    if (troubles.includes('machine')) {
      sections.push(fileFed('machine'));
      hub.put('in/machine.dat', numbered(0, 4));
      hub.makeDirectory('etc/machine');
    }
    hub.configure(sections.reverse().join(''));
    return hub;
  }

  test.each([
    [0, []],
    [3, ['held']],
    [4, ['source']],
    [4, ['held', 'source']],
    [1, ['source', 'machine']],
    [1, ['held', 'source', 'machine']],
  ] as const)('is %i for %j', async (status, troubles) => {
    const hub = await troubled(...troubles);
    const outcome = await build(hub);
    expect(outcome.status).toBe(status);
    expect(lineOf(outcome, 'fine'), 'no trouble stops another table').toMatch(/^fine: published/);
    for (const trouble of troubles) expect(outcome.stderr).toMatch(new RegExp(`^${trouble}: next: `, 'm'));
  });

  test('is that of the tables that were asked for', async () => {
    const hub = await troubled('held', 'source', 'machine');
    expect((await build(hub, ['fine'])).status).toBe(0);
  });

  test('is 64 for a table that there is not, and nothing was touched', async () => {
    const hub = await troubled();
    const outcome = await build(hub, ['fine', 'fein']);
    expect(outcome).toMatchObject({ status: 64, stdout: '' });
    expect(outcome.stderr).toContain('fein');
    expect(hub.files()).toEqual([]);
  });

  test.each([
    [['--forse'], /--forse/],
    [['--config'], /--config/],
  ])('is 64 for %j', async (args, message) => {
    const outcome = await build(await troubled(), args);
    expect(outcome).toMatchObject({ status: 64, stdout: '' });
    expect(outcome.stderr).toMatch(message);
  });

  test('is 78 for a configuration that is wrong, with file, line and key of everything', async () => {
    const hub = new Hub();
    hub.configure('[tables.a]\nguard = { max_removde = 3 }\n[[tables.b.sources]]\nfiel = "x"\n');
    const outcome = await build(hub, ['--json']);
    expect(outcome).toMatchObject({ status: 78, stdout: '' });
    expect(outcome.stderr).toMatch(/mailhub-tables\.toml:\d+: tables\.a\.guard\.max_removde: /);
    expect(outcome.stderr).toMatch(/mailhub-tables\.toml:\d+: tables\.b\.sources\[0\]/);
    rmSync(hub.configFile);
    expect(await build(hub)).toMatchObject({ status: 78, stdout: '' });
  });
});

test('builds only the tables that are named', async () => {
  const hub = new Hub();
  hub.configure(fileFed('one') + fileFed('two') + fileFed('three'));
  for (const name of ['one', 'two', 'three']) hub.put(`in/${name}.dat`, numbered(0, 5));
  const outcome = await build(hub, ['three', 'one']);
  expect(outcome.status).toBe(0);
  expect(outcome.stdout).not.toContain('two');
  expect(hub.files()).toEqual(['one', 'one.dat', 'three', 'three.dat']);
});

describe('--dry-run', () => {
  test('writes nothing at all, not even on a hub that never had a run', async () => {
    const hub = new Hub();
    rmSync(hub.stateDir, { recursive: true });
    hub.configure(fileFed('mlist_table') + keptByHand('local_domains'));
    hub.put('in/mlist_table.dat', numbered(0, 5));
    hub.put('etc/local_domains.dat', 'example.ac.uk:\n');
    const before = hub.stamps('.');
    const outcome = await build(hub, ['--dry-run']);
    expect(outcome.status).toBe(0);
    expect(lineOf(outcome, 'mlist_table')).toMatch(
      /^mlist_table: would be published, 0 -> 5 entries, 5 added/,
    );
    expect(hub.stamps('.')).toEqual(before);
  });

  test('with the status and the candidate that a run would have, of which none is kept', async () => {
    const hub = new Hub();
    hub.configure(fileFed('mlist_table'));
    hub.put('in/mlist_table.dat', numbered(0, 5));
    await hub.build();
    hub.put('in/mlist_table.dat', numbered(4, 5));
    hub.put('etc/.mailhub-tables.mlist_table.new', 'left by a killed run');
    const before = hub.stamps('.');
    const outcome = await build(hub, ['-n']);
    expect(outcome.status).toBe(3);
    expect(lineOf(outcome, 'mlist_table')).toMatch(
      /^mlist_table: would be held, 5 -> 1 entries, 0 added, 4 removed/,
    );
    expect(hub.stamps('.')).toEqual(before);
  });

  test('names with --json every entry that differs', async () => {
    const hub = new Hub();
    hub.configure(fileFed('mlist_table'));
    hub.put('in/mlist_table.dat', numbered(0, 3000));
    const { stdout, status } = await build(hub, ['--dry-run', '--json']);
    expect(status).toBe(0);
    const [table] = JSON.parse(stdout).tables;
    expect(table.difference.added).toHaveLength(3000);
    expect(table.difference.added[2999]).toEqual({
      key: 'user002999@example.ac.uk',
      value: 'box002999@mail.example.ac.uk',
    });
    expect(table.difference).toMatchObject({ removed: [], changed: [] });
  });
});

test('--json prints one document with everything, and nothing else on stdout', async () => {
  const hub = new Hub();
  hub.configure(
    `${fileFed('lists')}[[tables.lists.sources]]\nfile = "IN/more.dat"\n${fileFed('small', 'min_entries = 2')}${fileFed('gone')}`,
  );
  hub.put('in/lists.dat', `a: one\nb: two\nb: three\n${'x'.repeat(256)}: long\n`);
  hub.put('in/more.dat', 'a: other\nc: four\n');
  hub.put('in/small.dat', 'a: one\n');
  const { status, stdout, stderr } = await build(hub, ['--json']);
  expect(status).toBe(4);
  expect(stderr).toBe('');
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({
    status: 4,
    dryRun: false,
    warnings: [],
    directories: [],
    tables: [
      {
        name: 'lists',
        outcome: 'published',
        after: 3,
        added: 3,
        removed: 0,
        changed: 0,
        conflicts: {
          count: 2,
          examples: [
            {
              key: 'a',
              kept: { source: hub.at('in/lists.dat'), value: 'one' },
              dropped: { source: hub.at('in/more.dat'), value: 'other' },
            },
            { key: 'b', kept: { value: 'two' }, dropped: { source: hub.at('in/lists.dat'), value: 'three' } },
          ],
        },
        rejected: { count: 1, examples: [{ source: hub.at('in/lists.dat'), place: 'line 4' }] },
      },
      {
        name: 'small',
        outcome: 'held',
        after: 1,
        findings: [{ rule: 'min_entries' }],
        candidate: hub.at('etc/small_tmp.dat'),
      },
      { name: 'gone', outcome: 'failed', failure: { cause: 'source' } },
    ],
  });
  for (const { milliseconds } of [document, ...document.tables]) expect(milliseconds).toBeGreaterThan(0);
});

test('names conflicts and rejected entries for people, but not a thousand of them', async () => {
  const hub = new Hub();
  hub.configure(fileFed('lists'));
  const twice = Array.from({ length: 1500 }, (_, i) => `k${i}: one\nk${i}: two\n`).join('');
  hub.put('in/lists.dat', `${twice}${'y'.repeat(256)}: long\n`);
  const { status, stdout } = await build(hub);
  expect(status).toBe(0);
  expect(stdout).toMatch(/conflict: k0: kept one .*not two/);
  expect(stdout).toMatch(/conflict: .*1500/);
  expect(stdout).toMatch(/rejected: .*lists\.dat: line 3001: y+: the key is longer than 255 bytes/);
  expect(stdout.split('\n').length).toBeLessThan(20);
});
