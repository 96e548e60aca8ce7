// LMDB files from unsorted aliases, whole processes, against mdb_load: `npx tsx bench/dbm/lmdb.ts [ENTRIES…]`.
// Ours reads a `.dat`, writes the table, forces it to the disk and reads every entry back; mdb_load does the first two.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Measurement, measure, median } from '../measure.ts';
import { datLayout, type Layout, writeAliases } from './aliases.ts';

const counts = process.argv.slice(2).map(Number);
const work = mkdtempSync(join(tmpdir(), 'bench-lmdb-'));
const at = (name: string) => join(work, name);

/** What mdb_dump prints, and mdb_load reads. */
const dumpLayout: Layout = (key, value) => ` ${key}\n ${value}\n`;
const dumpHeader = (mapSize: number) =>
  `VERSION=3\nformat=print\ntype=btree\nmapsize=${mapSize}\nHEADER=END\n`;

function compare(count: number): void {
  writeAliases(at('table.dat'), count, datLayout);
  writeAliases(at('entries'), count, dumpLayout);
  writeFileSync(at('header'), dumpHeader(2 ** 20 * Math.ceil(count / 4000 + 16)));
  const theirs = ['sh', '-c', 'cat "$0" "$1" | mdb_load -n "$2"', at('header'), at('entries'), at('theirs')];
  const ours = ['node', at('once.mjs'), at('table.dat'), at('ours')];

  const runs = count < 1_000_000 ? 9 : 5;
  const results: Record<'mdb_load' | 'ours', Measurement[]> = { mdb_load: [], ours: [] };
  for (let run = 0; run < runs; run++) {
    for (const name of ['theirs', 'theirs-lock', 'ours']) rmSync(at(name), { force: true });
    results.mdb_load.push(measure(theirs));
    results.ours.push(measure(ours));
  }

  const own = median(results.ours.map(({ seconds }) => seconds));
  console.log(
    `\n${count} entries, a .dat of ${(statSync(at('table.dat')).size / 1e6).toFixed(1)} MB; medians of ${runs} runs`,
  );
  console.log('                       seconds   ours is faster   resident MB   file MB');
  for (const [name, file] of [
    ['mdb_load', 'theirs'],
    ['ours', 'ours'],
  ] as const) {
    const seconds = median(results[name].map((each) => each.seconds));
    const resident = median(results[name].map((each) => each.residentMegabytes)) * 1.048576;
    console.log(
      `${name.padEnd(20)}${seconds.toFixed(3).padStart(10)}${`${(seconds / own).toFixed(1)} times`.padStart(17)}` +
        `${resident.toFixed(0).padStart(14)}${(statSync(at(file)).size / 1e6).toFixed(1).padStart(10)}`,
    );
  }
}

try {
  await build({
    entryPoints: ['bench/dbm/lmdb-once.ts'],
    outfile: at('once.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
  });
  for (const count of counts.length > 0 ? counts : [10_000, 100_000, 1_000_000]) compare(count);
} finally {
  rmSync(work, { recursive: true, force: true });
}
