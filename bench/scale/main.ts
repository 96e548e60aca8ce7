// How time and memory grow with a table: `npx tsx bench/scale/main.ts [ENTRIES...]`.
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { settledStampOf } from '../../src/tables/publish/files.ts';
import { datLayout, writeAliases } from '../dbm/aliases.ts';
import { type Measurement, measure, median } from '../measure.ts';
import { quick, report } from '../result.ts';

const asked = process.argv.slice(2).map(Number);
const sizes = asked.length > 0 ? asked : quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000, 10_000_000];
const work = mkdtempSync(join(tmpdir(), 'bench-scale-'));

try {
  const rows: (string | number)[][] = [];
  for (const entries of sizes) rows.push(await scale(entries));
  report({
    name: 'scale',
    title: 'How time and memory grow with a table',
    command: `npx tsx bench/scale/main.ts ${asked.join(' ')}`.trim(),
    columns: [
      'entries',
      '.dat MB',
      'dbmbuild s',
      'dbmbuild MB',
      'build s',
      'build MB',
      'unchanged s',
      'unchanged MB',
    ],
    rows,
    drawn: ['dbmbuild s', 'build s', 'unchanged s'],
    notes: [
      'Medians, whole processes with fsync and reading back; MB after a time is what was resident at most.',
      'dbmbuild: mailhub-dbmbuild, a .dat to a Berkeley DB hash file. build: the hourly job with that .dat as its only source,',
      'which sorts it, writes a .dat of its own and the hash file; unchanged: the same again.',
      ...growth(rows),
    ],
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function scale(entries: number): Promise<(string | number)[]> {
  const dat = join(work, 'in.dat');
  writeAliases(dat, entries, datLayout);
  // A file that was written this very second is read again in the next hour: it could have changed under the same stamp.
  while (settledStampOf(dat) === undefined) await setTimeout(100);
  const config = join(work, 'mailhub-tables.toml');
  const folders = { tables: join(work, 'etc'), state: join(work, 'state') };
  writeFileSync(
    config,
    [
      `tables_dir = "${folders.tables}"`,
      `state_dir = "${folders.state}"`,
      'format = "bdb"',
      '[[tables.table.sources]]',
      `file = "${dat}"`,
      '',
    ].join('\n'),
  );
  const dbmbuild = ['bin/mailhub-dbmbuild', dat, join(work, 'table')];
  const build = ['bin/mailhub-tables', 'build', '--config', config];
  const results: Record<'dbmbuild' | 'build' | 'unchanged', Measurement[]> = {
    dbmbuild: [],
    build: [],
    unchanged: [],
  };
  const runs = entries >= 1_000_000 ? 3 : 5;
  for (let run = 0; run < runs; run++) {
    for (const folder of Object.values(folders)) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
    }
    rmSync(join(work, 'table'), { force: true });
    results.dbmbuild.push(measure(dbmbuild));
    results.build.push(measure(build));
    results.unchanged.push(measure(build));
  }
  const figures = Object.values(results).flatMap((all) => [
    median(all.map(({ seconds }) => seconds)),
    Math.round(median(all.map(({ residentMegabytes }) => residentMegabytes)) * 1.048576),
  ]);
  return [entries, statSync(dat).size / 1e6, ...figures];
}

/** How the largest size does against the one before it, in words. */
function growth(rows: readonly (string | number)[][]): string[] {
  const [before, last] = rows.slice(-2).map((row) => row.map(Number));
  if (before === undefined || last === undefined) return [];
  const [entries, megabytes] = last;
  const factor = entries / before[0];
  const told = ['dbmbuild', 'build'].map((name, i) => {
    const [seconds, resident] = [2 + 2 * i, 3 + 2 * i];
    const times = last[seconds] / before[seconds];
    const share = last[resident] / megabytes;
    return `${name} takes ${times.toFixed(1)} times as long, and has ${share.toFixed(1)} times the .dat in memory`;
  });
  return [`With ${entries} entries, ${factor} times as many as in the row before, ${told.join('; ')}.`];
}
