import { copyFileSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { datOf, directoryFed, fileFed, Hub, keptByHand, numbered, otherwise } from '../tables/hub.ts';
import { outcomeOf, Program } from './program.ts';

const program = Program.forFile();

const build = (hub: Hub, ...args: string[]) => program.run(['build', '--config', hub.configFile, ...args]);

/** The command that the last `next:` line names, without the program's name. */
function named(stderr: string): string[] {
  const command = /^.*next: .*mailhub-tables (build .*)$/m.exec(stderr)?.[1];
  return command?.split(' ') ?? [];
}

/** What the review that a `next:` line names ends with: the command that publishes what is held. */
async function approval(stderr: string): Promise<string[]> {
  const review = /^.*next: mailhub-tables (review .*?) shows what would go/m.exec(stderr)?.[1] ?? '';
  const { status, stdout } = await program.run(review.split(' '));
  expect(status).toBe(3);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  return /^ +mailhub-tables (.*)$/.exec(last)?.[1]?.split(' ') ?? [];
}

describe('the command that "next" names settles the hold', () => {
  test('of a table that lost too much', async () => {
    const hub = new Hub();
    hub.configure(fileFed('mlist_table'));
    hub.put('in/mlist_table.dat', numbered(0, 10));
    await hub.build();
    hub.put('in/mlist_table.dat', numbered(0, 2));
    const { status, stderr } = await build(hub);
    expect(status).toBe(3);
    expect(await program.run(await approval(stderr))).toMatchObject({ status: 0, stderr: '' });
    expect(hub.exim('mlist_table')).toEqual(numbered(0, 2));
    expect(await build(hub)).toMatchObject({ status: 0, stderr: '' });
  });

  test.each([
    ['that was never published', 0, '--allow-empty'],
    ['that had entries', 10, '--force --allow-empty'],
  ])('of an empty table %s', async (_, entries, flags) => {
    const hub = new Hub();
    hub.configure(fileFed('mlist_table'));
    hub.put('in/mlist_table.dat', numbered(0, entries));
    if (entries > 0) await hub.build();
    hub.put('in/mlist_table.dat', '# nobody\n');
    const { status, stderr } = await build(hub);
    expect(status).toBe(3);
    expect(named(stderr).join(' ')).toContain(`${flags} mlist_table`);
    expect((await program.run(named(stderr))).status).toBe(0);
    expect(hub.exim('mlist_table')).toEqual(new Map());
  });

  test('of a .dat that somebody else cut short: the sources come back', async () => {
    const hub = new Hub();
    hub.configure(fileFed('mlist_table'));
    hub.put('in/mlist_table.dat', numbered(0, 10));
    await hub.build();
    hub.put('etc/mlist_table.dat', numbered(0, 3));
    const { status, stdout, stderr } = await build(hub);
    expect(status).toBe(3);
    expect(stdout).toMatch(/^mlist_table: held, 10 -> 3 entries, 0 added, 7 removed/m);
    expect((await program.run(named(stderr))).status).toBe(0);
    expect(hub.exim('mlist_table')).toEqual(numbered(0, 10));
    expect(await build(hub)).toMatchObject({ status: 0 });
  });

  test('or the .dat that somebody else wrote counts', async () => {
    const hub = new Hub();
    hub.configure(fileFed('mlist_table'));
    hub.put('in/mlist_table.dat', numbered(0, 10));
    await hub.build();
    hub.put('etc/mlist_table.dat', otherwise(numbered(0, 3)));
    hub.put('in/mlist_table.dat', numbered(0, 3));
    const { stderr } = await build(hub);
    expect((await program.run(await approval(stderr))).status).toBe(0);
    expect(hub.exim('mlist_table')).toEqual(numbered(0, 3));
    expect(hub.text('etc/mlist_table.dat'), 'as it was written').toBe(otherwise(numbered(0, 3)));
    expect(await build(hub)).toMatchObject({ status: 0 });
  });

  test('of a table kept by hand', async () => {
    const hub = new Hub();
    hub.configure(keptByHand('local_domains'));
    hub.put('etc/local_domains.dat', numbered(0, 10));
    await hub.build();
    hub.put('etc/local_domains.dat', numbered(0, 2));
    const { stderr } = await build(hub);
    expect((await program.run(await approval(stderr))).status).toBe(0);
    expect(hub.exim('local_domains')).toEqual(numbered(0, 2));
    expect(hub.text('etc/local_domains.dat')).toBe(datOf(numbered(0, 2)));
    expect(await build(hub)).toMatchObject({ status: 0, stderr: '' });
  });

  test('and none is named for a table that waits for another: the address and the table are', async () => {
    const hub = new Hub();
    hub.configure(fileFed('a_table') + fileFed('b_table', 'max_added = 0'));
    hub.put('in/a_table.dat', numbered(0, 10));
    hub.put('in/b_table.dat', numbered(20, 30));
    await hub.build();
    const [moving] = [...numbered(0, 1)];
    hub.put('in/a_table.dat', numbered(1, 10));
    hub.put('in/b_table.dat', new Map([...numbered(20, 30), moving]));
    const { status, stderr } = await build(hub);
    expect(status).toBe(3);
    expect(stderr).toContain(`a_table: held: ${moving[0]} moves to b_table, which is not published`);
    expect(stderr).toMatch(/^a_table: next: settle the other table, then run build again$/m);
  });
});

test('a table of which nothing is left is published again when the sources give what it was', async () => {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table'));
  await hub.serve(numbered(0, 20));
  await hub.build();
  rmSync(hub.at('etc/exch_table'));
  hub.put('etc/exch_table.dat', numbered(0, 5));
  expect(await build(hub)).toMatchObject({ status: 0 });
  expect(hub.exim('exch_table')).toEqual(numbered(0, 20));
});

test('a dry run compares with what Exim sees, whatever the .dat beside it says', async () => {
  const hub = new Hub();
  hub.configure(fileFed('mlist_table'));
  hub.put('in/mlist_table.dat', numbered(0, 10));
  await hub.build();
  rmSync(hub.stateDir, { recursive: true });
  hub.put('etc/mlist_table.dat', numbered(2, 10));
  const { stdout } = await build(hub, '--dry-run');
  expect(stdout).toMatch(
    /^mlist_table: would be published, 10 -> 10 entries, 0 added, 0 removed, 0 changed/m,
  );
});

test.each([
  ['build', 3],
  ['check', 0],
])('%s: a reader that leaves early changes neither the work nor the status', async (command, expected) => {
  const hub = new Hub();
  hub.configure(fileFed('mlist_table') + keptByHand('local_domains'));
  hub.put('in/mlist_table.dat', numbered(0, 10));
  hub.put('etc/local_domains.dat', numbered(0, 10));
  await hub.build();
  if (command === 'build') hub.put('etc/local_domains.dat', numbered(0, 1));
  const child = program.start([command, '--config', hub.configFile]);
  child.stdout?.destroy();
  const { status, stderr } = await outcomeOf(child);
  expect(stderr).not.toMatch(/EPIPE|node:events/);
  expect(status).toBe(expected);
});

test('lookup claims nothing about a table that it can not read', async () => {
  const hub = new Hub();
  hub.configure(fileFed('mlist_table') + keptByHand('local_domains'));
  hub.put('in/mlist_table.dat', numbered(0, 10));
  hub.put('etc/local_domains.dat', 'example.ac.uk:\n');
  await hub.build();
  copyFileSync(hub.at('etc/local_domains.dat'), hub.at('etc/mlist_table'));
  const [key] = [...numbered(0, 1).keys()];
  const { status, stdout, stderr } = await program.run(['lookup', '--config', hub.configFile, `${key}`]);
  expect(status).toBe(1);
  expect(stdout).toBe(`${key}: not in the tables that can be read\n`);
  expect(stderr).toContain(hub.at('etc/mlist_table'));
});
