// Whatever happens to the state, the tables are right, and the next run goes on.
import { existsSync, rmSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { outcomeOf, Program } from '../cli/program.ts';
import { type Entries, fileFed, Hub, numbered } from '../tables/hub.ts';

const program = Program.forFile();

const build = (hub: Hub) => program.run(['build', '--config', hub.configFile]);

/** Versions of a table that differ in every entry: there is much to write down. */
const versions = [0, 1].map((version): Entries => {
  const entries = numbered(0, 6000);
  for (const [key, value] of entries) entries.set(key, value.replace('@', `${version}@`));
  return entries;
});

function pragma(hub: Hub, name: string): unknown {
  const database = new Database(hub.at('state/state.sqlite'));
  try {
    return database.pragma(name, { simple: true });
  } finally {
    database.close();
  }
}

function killedRuns(hub: Hub): number {
  const database = new Database(hub.at('state/state.sqlite'), { readonly: true });
  try {
    return database.prepare('SELECT * FROM runs WHERE ended_at IS NULL').all().length;
  } finally {
    database.close();
  }
}

test('killed while it writes, again and again', async () => {
  const hub = new Hub();
  hub.configure(fileFed('t', 'max_removed = "100%"'));
  hub.put('in/t.dat', versions[0]);
  await hub.build();
  let killed = 0;
  for (let i = 1; i <= 8; i++) {
    const version = versions[i % 2];
    hub.put('in/t.dat', version);
    const child = program.start(['build', '--config', hub.configFile]);
    const ended = outcomeOf(child);
    // SQLite's journal stands beside the file as long as a transaction is being written.
    let moments = 0;
    while (child.exitCode === null && moments < i / 2) {
      if (existsSync(hub.at('state/state.sqlite-journal'))) moments++;
      await pause(1);
    }
    child.kill('SIGKILL');
    if ((await ended).status === undefined) killed++;
    const shown = hub.exim('t');
    expect(
      [0, 1].some(
        (each) => shown?.get('user000001@example.ac.uk') === versions[each].get('user000001@example.ac.uk'),
      ),
    ).toBe(true);
    expect(shown?.size).toBe(6000);
    const { status, stderr } = await build(hub);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(hub.exim('t')).toEqual(version);
    expect(pragma(hub, 'integrity_check')).toBe('ok');
  }
  expect(killed).toBeGreaterThan(0);
  expect(killedRuns(hub)).toBeLessThanOrEqual(killed);
});

test('no room while what was published is written down: it is published, and the next run remembers', async () => {
  const hub = new Hub();
  hub.configure(`generations = 0\n${fileFed('t', 'max_removed = "100%"')}`);
  hub.put('in/t.dat', versions[0]);
  expect(await build(hub)).toMatchObject({ status: 0, stderr: '' });
  hub.put('in/t.dat', versions[1]);
  // Room for each file of the table, but not for twice its entries in the history.
  const limit = statSync(hub.at('etc/t')).size + 50_000;
  const under = ['prlimit', `--fsize=${limit}`];
  const { status, stdout, stderr } = await program.run(['build', '--config', hub.configFile], { under });
  expect(status).toBe(1);
  expect(stdout).toMatch(/^t: published/m);
  expect(stderr).toMatch(/^mailhub-tables: nothing of this run is remembered: .*state.sqlite: /m);
  expect(hub.exim('t')).toEqual(versions[1]);
  expect(await build(hub)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^t: unchanged/m) });
  expect(pragma(hub, 'integrity_check')).toBe('ok');
});

test('no place for a candidate: the table is held all the same, and the output says so', async () => {
  const hub = new Hub();
  hub.configure(fileFed('t', 'max_changed = 5'));
  hub.put('in/t.dat', versions[0]);
  await build(hub);
  hub.put('state/held', 'in the way');
  hub.put('in/t.dat', versions[1]);
  const { status, stdout, stderr } = await build(hub);
  expect(status).toBe(3);
  expect(stdout).toContain(`${hub.stateDir}: what is held can't be kept there: `);
  expect(stderr).toContain('build --config');
  expect(hub.exim('t')).toEqual(versions[0]);
  rmSync(hub.at('state/held'));
  hub.put('in/t.dat', versions[0]);
  expect(await build(hub)).toMatchObject({ status: 0, stderr: '' });
});
