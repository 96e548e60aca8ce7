import { expect, test } from 'vitest';
import { Program, type RunOptions } from '../cli/program.ts';
import { directoryFed, fileFed, Hub, numbered } from '../tables/hub.ts';

const program = Program.forFile();
const faultOfTheProgram = /fault of the program|\n +at /;

/** Node gives a table's memory so many pages of 64 KiB, not 65,536. */
const withRoom = (pages: number): RunOptions => ({ flags: [`--wasm-max-mem-pages=${pages}`] });
const tooLarge = /no room for \d+ bytes more: a table is worked on in at most 4 GiB .*; divide it/;

async function failsAlone(hub: Hub, name: string, options: RunOptions, reason = tooLarge): Promise<void> {
  hub.put('in/small.dat', numbered(0, 20));
  const { status, stdout, stderr } = await program.run(['build', '--config', hub.configFile], options);
  expect(stderr).toMatch(reason);
  expect(stderr).toContain(`${name}: next: what is published stays as it was; mend this`);
  expect(stderr).not.toMatch(faultOfTheProgram);
  expect(stdout).toMatch(new RegExp(`^${name}: failed`, 'm'));
  expect(stdout).toMatch(/^small: published, 0 -> 20 /m);
  expect(hub.exim('small')).toEqual(numbered(0, 20));
  expect(status).toBe(1);
}

test.each([
  ['read', 400_000, 120],
  ['put in order', 100_000, 160],
  ['written', 100_000, 210],
])('a file whose entries can not be %s fails its table alone', async (_, entries, pages) => {
  const hub = new Hub();
  hub.configure(fileFed('large') + fileFed('small'));
  hub.put('in/large.dat', new Map([...numbered(0, entries)].reverse()));
  await failsAlone(hub, 'large', withRoom(pages));
});

test('so does a CSV file', async () => {
  const hub = new Hub();
  const source = 'csv = "IN/large.csv"\nkey = "{alias}"\nvalue = "{box}"\n';
  hub.configure(`[tables.large]\n[[tables.large.sources]]\n${source}${fileFed('small')}`);
  hub.put('in/large.csv', 'alias,box\na@example.ac.uk,b@example.ac.uk\n');
  await failsAlone(hub, 'large', withRoom(120));
});

test('no table is published unchecked, where a cross-check may hold it', async () => {
  const hub = new Hub();
  hub.configure(`${fileFed('large') + fileFed('small')}[cross_checks]\nloops = "hold"\n`);
  hub.put('in/large.dat', numbered(0, 100_000));
  hub.put('in/small.dat', numbered(0, 20, 'other'));
  const { status, stderr } = await program.run(['build', '--config', hub.configFile], withRoom(135));
  expect(stderr).toMatch(/^small: failed: the cross-checks were not made: no room /m);
  expect(stderr).not.toMatch(faultOfTheProgram);
  expect(status).toBe(1);
  expect(hub.exim('small')).toBeUndefined();
});

test('a directory fails the tables that it feeds alone', async () => {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table') + fileFed('small'));
  await hub.serve(numbered(0, 10));
  await failsAlone(hub, 'exch_table', withRoom(700));
});

test('so does one for whose connection there is no memory, and `check` says so', async () => {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table') + fileFed('small'));
  const options = withRoom(200);
  await hub.serve(numbered(0, 10));
  await failsAlone(
    hub,
    'exch_table',
    options,
    /directory .*: no memory for \d+ bytes more .*: give this machine more/,
  );
  const { status, stderr } = await program.run(['check', '--config', hub.configFile], options);
  expect(stderr).toMatch(/no memory for \d+ bytes more /);
  expect(status).toBe(1);
});
