import { expect, test } from 'vitest';
import { Program } from '../cli/program.ts';
import { datOf, Hub, numbered } from '../tables/hub.ts';
import { recorded, recorder, type SystemCall } from './system-calls.ts';

const program = Program.forFile();

const WRITES = ['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'ftruncate'];
const SYNCS = ['fsync', 'fdatasync'];
const RENAMES = ['rename', 'renameat', 'renameat2'];

/** The path that the call's file descriptor stands for. */
function fileOf({ text }: SystemCall): string | undefined {
  return /^\w+\(\d+<([^>]*)>/.exec(text)?.[1];
}

function isOn(call: SystemCall, names: readonly string[], path: string): boolean {
  return names.includes(call.name) && fileOf(call) === path;
}

test.each<[string, ...number[]]>([
  ['a first publication', 40],
  ['a table that Exim reads already', 40, 50],
  ['a large table, by a thread of its own', 60_000],
])('what is published is on the disk before it is seen: %s', async (_, ...sizes) => {
  const hub = new Hub();
  hub.configure(`[tables.one]\nformat = ["bdb", "cdb"]\n[[tables.one.sources]]\nfile = "IN/one.dat"\n`);
  const trace = hub.at('in/trace');
  for (const size of sizes) {
    hub.put('in/one.dat', datOf(numbered(0, size)));
    const under = recorder(trace, [...WRITES, ...SYNCS, ...RENAMES]);
    expect(await program.run(['build', '--config', hub.configFile], { under })).toMatchObject({ status: 0 });
  }
  const calls = recorded(trace);

  const renames = calls.filter(
    ({ name, text }) => RENAMES.includes(name) && text.includes(`${hub.tablesDir}/`),
  );
  const [from, to] = [0, 1].map((side) =>
    renames.map(({ text }) => [...text.matchAll(/"([^"]*)"/g)].map(([, path]) => path)[side]),
  );
  // The .dat first: after a crash in between, the dbm files are rebuilt from it.
  expect(to).toEqual(['one.dat', 'one', 'one.cdb'].map((file) => `${hub.tablesDir}/${file}`));

  renames.forEach((rename, i) => {
    const writes = calls.filter((call) => isOn(call, WRITES, from[i]));
    const syncs = calls.filter((call) => isOn(call, SYNCS, from[i]));
    const lastWrite = Math.max(...writes.map(({ ended }) => ended));
    expect(writes.length).toBeGreaterThan(0);
    expect(syncs.some(({ started, ended }) => started > lastWrite && ended < rename.started)).toBe(true);
    if (i > 0) expect(rename.started).toBeGreaterThan(renames[i - 1].ended);
  });

  const lastRename = renames[renames.length - 1].ended;
  const directorySyncs = calls.filter((call) => isOn(call, SYNCS, hub.tablesDir));
  expect(directorySyncs.some(({ started }) => started > lastRename)).toBe(true);
});
