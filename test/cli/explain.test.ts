import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileFed, Hub, numbered, withEntries, without } from '../tables/hub.ts';
import { Program } from './program.ts';

const program = Program.forFile();

const run = (hub: Hub, ...args: string[]) => program.run([...args, '--config', hub.configFile]);
const ten = numbered(0, 10);
const [[known, box]] = ten;

async function twoTables(): Promise<Hub> {
  const hub = new Hub();
  hub.configure(fileFed('a_table') + fileFed('b_table'));
  hub.put('in/a_table.dat', ten);
  hub.put('in/b_table.dat', withEntries(numbered(20, 30), [known, 'other@x']));
  await hub.build();
  return hub;
}

test('an address in two tables: which one Exim takes, and since when', async () => {
  const hub = await twoTables();
  const { status, stdout } = await run(hub, 'explain', known.toUpperCase());
  expect(status).toBe(0);
  expect(stdout).toMatch(
    new RegExp(
      `^${known}: in a_table: ${box}\\n  since .*, when the history of the table begins, or longer\\n` +
        `${known}: in b_table: other@x, but Exim takes a_table, which comes first\\n`,
    ),
  );
});

test('an address that went, came back with another value, and went again', async () => {
  const hub = await twoTables();
  const key = 'user000005@example.ac.uk';
  for (const entries of [without(ten, key), withEntries(ten, [key, 'new@x']), without(ten, key)]) {
    hub.put('in/a_table.dat', entries);
    await hub.build();
  }
  const { status, stdout } = await run(hub, 'explain', key);
  expect(status).toBe(2);
  expect(stdout).toMatch(/in no table\n {2}went from a_table in run 4, .*, build; it had the value new@x\n/);
  expect(stdout.match(/^ {2}\d{4}-.* a_table: (?:added|removed): \S+$/gm)).toHaveLength(3);
  const json = JSON.parse((await run(hub, 'explain', key, '--json')).stdout);
  expect(json).toMatchObject({
    status: 2,
    found: [],
    gone: [{ table: 'a_table', run: { id: 4 }, value: 'new@x' }],
  });
});

test('an address that waits in a table that is held, and one that somebody keeps out', async () => {
  const hub = await twoTables();
  hub.put('in/a_table.dat', withEntries(numbered(0, 2), ['new@example.ac.uk', 'n@x']));
  await hub.build();
  const waits = await run(hub, 'explain', 'new@example.ac.uk');
  expect(waits.status).toBe(2);
  expect(waits.stdout).toContain('a_table is held, and what waits has it with the value n@x');
  expect((await run(hub, 'explain', 'user000009@example.ac.uk')).stdout).toContain(
    'what waits has it no more',
  );

  await run(hub, 'override', 'suppress', 'b_table', 'user000025@example.ac.uk', '--reason', 'left us');
  const suppressed = await run(hub, 'explain', 'user000025@example.ac.uk');
  expect(suppressed.status).toBe(2);
  expect(suppressed.stdout).toMatch(/went from b_table in run \d+, .*, suppress by .*: left us/);
  expect(suppressed.stdout).toMatch(
    /b_table: kept out by hand \(.*\): left us; mailhub-tables override remove b_table/,
  );

  await run(hub, 'override', 'add', 'b_table', "o'brien@example.ac.uk", 'x', '--reason', 'comes');
  await run(hub, 'override', 'suppress', 'b_table', "o'brien@example.ac.uk", '--reason', 'not yet');
  const quoted = await run(hub, 'explain', "o'brien@example.ac.uk");
  expect(quoted.stdout).toContain("override remove b_table 'o'\\''brien@example.ac.uk'\n");
});

test('without any state, where an address is can still be told', async () => {
  const hub = await twoTables();
  rmSync(hub.stateDir, { recursive: true });
  const { status, stdout, stderr } = await run(hub, 'explain', known);
  expect(status).toBe(0);
  expect(stdout).toContain(`${known}: in a_table: ${box}`);
  expect(stderr).toMatch(/nothing is known of earlier runs/);
});

test('nothing in an address or a value breaks out of its line', async () => {
  const hub = await twoTables();
  const { stdout } = await run(hub, 'explain', 'a\u001b[31m\nb@x');
  expect(stdout).not.toContain('\u001b');
  expect(stdout.split('\n')[0]).toBe('a\\u001b[31m\\nb@x: in no table');
});
