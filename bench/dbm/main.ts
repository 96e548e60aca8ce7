// Tables from `.dat` files, whole processes, against the programs in use: `npx tsx bench/dbm/main.ts [ENTRIES…]`.
// Ours reads the file, writes the table, forces it to the disk and reads every entry back; the others do the first two.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { openTable } from '../../src/dbm/index.ts';
import { type Measurement, measure, median } from '../measure.ts';
import { datLayout, loadLayout, writeAliases } from './aliases.ts';

const counts = process.argv.slice(2).map(Number);
const work = mkdtempSync(join(tmpdir(), 'bench-dbm-'));

interface Program {
  readonly name: string;
  readonly command: readonly string[];
  readonly table: string;
}

/** Ours as it is installed: bundled, and run by node alone. */
async function bundled(): Promise<string> {
  const outfile = join(work, 'dbmbuild.mjs');
  await build({
    entryPoints: ['src/cli/dbmbuild.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
  });
  return outfile;
}

function compare(count: number, ours: string): void {
  const dat = join(work, 'table.dat');
  const load = join(work, 'table.load');
  writeAliases(dat, count, datLayout);
  writeAliases(load, count, loadLayout);
  const table = (name: string) => join(work, name);
  const programs: Program[] = [
    { name: 'exim_dbmbuild', command: ['exim_dbmbuild', dat, table('exim')], table: table('exim') },
    {
      name: 'db_load -T -t hash',
      command: ['db_load', '-T', '-t', 'hash', '-f', load, table('load')],
      table: table('load'),
    },
    { name: 'mailhub-dbmbuild', command: ['node', ours, dat, table('ours')], table: table('ours') },
  ];

  const runs = count < 1_000_000 ? 9 : count < 10_000_000 ? 5 : 1;
  const results = new Map<string, Measurement[]>(programs.map(({ name }) => [name, []]));
  for (let run = count < 10_000_000 ? -1 : 0; run < runs; run++) {
    for (const { name, command, table } of programs) {
      rmSync(table, { force: true });
      const measurement = measure(command);
      if (run >= 0) results.get(name)?.push(measurement);
    }
  }

  const megabytes = statSync(dat).size / 1e6;
  console.log(`\n${count} entries, a .dat of ${megabytes.toFixed(1)} MB; medians of ${runs} runs`);
  console.log(
    '                       seconds   ours is faster   resident MB   file MB   bucket pages a lookup',
  );
  const own = median((results.get('mailhub-dbmbuild') ?? []).map(({ seconds }) => seconds));
  for (const { name, table } of programs) {
    const measurements = results.get(name) ?? [];
    const seconds = median(measurements.map((each) => each.seconds));
    const resident = median(measurements.map((each) => each.residentMegabytes)) * 1.048576;
    const file = openTable(table);
    const pages = file.statistics().detail['bucket pages read per lookup'];
    file.close();
    console.log(
      `${name.padEnd(20)}${seconds.toFixed(3).padStart(10)}${`${(seconds / own).toFixed(1)} times`.padStart(17)}` +
        `${resident.toFixed(0).padStart(14)}${(statSync(table).size / 1e6).toFixed(1).padStart(10)}${pages.toFixed(3).padStart(24)}`,
    );
  }
}

try {
  const ours = await bundled();
  for (const count of counts.length > 0 ? counts : [10_000, 100_000, 1_000_000]) compare(count, ours);
} finally {
  rmSync(work, { recursive: true, force: true });
}
