// A roll-back, an hour passes, unpin: on a real terminal and without one; it ends with what Exim finds.
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Program } from '../cli/program.ts';
import { Terminal } from '../cli/terminal.ts';
import { directoryFed, type Entries, Hub, numbered } from '../tables/hub.ts';
import { Exim } from './exim.ts';

const program = Program.forFile();
const exim = new Exim();
afterAll(() => exim.close());

const everybody = numbered(0, 60);
/** What somebody's filter made of it: ten people are gone, twenty strangers have come. */
const wrong = new Map([...numbered(10, 60), ...numbered(100, 120)]);

/** A hub on which the wrong table was published an hour ago. */
async function wrongTable(): Promise<Hub> {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table'));
  await hub.serve(everybody);
  await hub.build();
  await hub.serve(wrong);
  expect((await hub.buildTable('exch_table')).outcome).toBe('published');
  return hub;
}

async function eximFinds(hub: Hub, entries: Entries, gone: readonly string[]): Promise<void> {
  expect(hub.exim('exch_table')).toEqual(entries);
  expect(await exim.lookup(join(hub.tablesDir, 'exch_table'), [...entries.keys(), ...gone])).toEqual([
    ...entries.values(),
    ...gone.map(() => undefined),
  ]);
}

const lost = 'user000003@example.ac.uk';
const stranger = 'user000110@example.ac.uk';

describe('the wrong table was published', () => {
  test('on a terminal: found, rolled back, an hour passes, mended, unpinned', async () => {
    const hub = await wrongTable();
    const terminal = new Terminal();
    const type = (...words: readonly string[]) =>
      terminal.run(program.line(...words, '--config', hub.configFile));

    const explained = await type('explain', lost, '--offline');
    expect(explained.status).toBe(2);
    expect(explained.screen).toMatch(/in no table\n +went from exch_table in run 2, .*, build/);

    const back = await type('rollback', 'exch_table', '--reason', 'filter');
    expect(back.status).toBe(0);
    expect(back.screen).toContain('70 -> 60 entries, 10 added, 20 removed');
    expect(back.screen).toContain('unpin exch_table');
    await eximFinds(hub, everybody, [stranger]);

    const hour = await type('build');
    expect(hour.status, 'a pinned table is no trouble').toBe(0);
    expect(hour.screen).toContain('exch_table: pinned, 60 -> 70 entries, 20 added, 10 removed');
    await eximFinds(hub, everybody, [stranger]);
    expect((await type('status')).screen).toMatch(
      /exch_table +60 .* pinned since .* after a roll-back: filter/s,
    );

    const mended = numbered(0, 61);
    await hub.serve(mended);
    expect((await type('unpin', 'exch_table')).screen).toContain('exch_table: no longer pinned');
    expect((await type('build')).screen).toContain('exch_table: published, 60 -> 61 entries');
    await eximFinds(hub, mended, [stranger]);
    expect((await type('history', 'exch_table')).screen).toMatch(
      /unpin .*\n(.*\n)*.*rollback .*\n(.*\n)*.*build/,
    );
  });

  test('without one: a script does the same by the run of the history, and cron mails nothing', async () => {
    const hub = await wrongTable();
    const run = (...words: readonly string[]) => program.run([...words, '--config', hub.configFile]);
    const { runs } = JSON.parse((await run('history', 'exch_table', '--json')).stdout);
    expect(runs.map((each: { run: { id: number } }) => each.run.id)).toEqual([2, 1]);
    const back = await run('rollback', 'exch_table', '--to', '1', '--reason', 'filter', '--json');
    expect(JSON.parse(back.stdout)).toMatchObject({ status: 0, gone: { count: 20 } });
    await eximFinds(hub, everybody, [stranger]);
    expect(await run('build')).toMatchObject({ status: 0, stderr: '' });
    await eximFinds(hub, everybody, [stranger]);
    expect(await run('unpin', 'exch_table')).toMatchObject({ status: 0, stderr: '' });
    expect(await run('build'), 'nothing was mended').toMatchObject({ status: 0 });
    await eximFinds(hub, wrong, [lost]);
  });

  test('killed between the pin and the roll-back: the table is pinned, and rolled back by a second try', async () => {
    const hub = await wrongTable();
    const preload = hub.at('kill.mjs');
    hub.put(
      'kill.mjs',
      `import fs from 'node:fs';
       import { syncBuiltinESMExports } from 'node:module';
       const { renameSync } = fs;
       fs.renameSync = (from, to) => {
         if (to.startsWith(${JSON.stringify(hub.tablesDir)})) process.kill(process.pid, 'SIGKILL');
         renameSync(from, to);
       };
       syncBuiltinESMExports();`,
    );
    const args = ['rollback', 'exch_table', '--config', hub.configFile];
    expect((await program.run(args, { preload })).status).toBeUndefined();
    await eximFinds(hub, wrong, [lost]);
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'pinned' });
    expect((await program.run(args)).status).toBe(0);
    await eximFinds(hub, everybody, [stranger]);
    expect(hub.files()).toEqual(expect.arrayContaining(['exch_table', 'exch_table.dat']));
    expect(hub.files().filter((name) => name.startsWith('.mailhub'))).toEqual([]);
  });
});
