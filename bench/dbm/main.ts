// Tables from unsorted aliases, whole processes, against the programs in use: `npx tsx bench/dbm/main.ts [ENTRIES…]`.
// Ours read a `.dat`, write the table, force it to the disk and read every entry back; the others do the first two.
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackPostmap } from '../../fixtures/postfix/postmap.ts';
import { bundle } from '../../scripts/bundle.mjs';
import { type Measurement, measure, median, spread } from '../measure.ts';
import { quick, report } from '../result.ts';
import { type Program, programs } from './programs.ts';

const asked = process.argv.slice(2).map(Number);
const sizes = asked.length > 0 ? asked : quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000];
const command = `npx tsx bench/dbm/main.ts ${asked.join(' ')}`.trim();
/** From here on the other programs take minutes each. */
const LARGE = 10_000_000;
const IN_LARGE = new Set(['mailhub-dbmbuild', 'exim_dbmbuild']);

function compare(all: readonly Program[], entries: number): (string | number)[][] {
  const compared = entries < LARGE ? all : all.filter(({ name }) => IN_LARGE.has(name));
  const runs = quick || (entries >= 1_000_000 && entries < LARGE) ? 3 : entries < LARGE ? 9 : 1;
  const results = new Map<Program, Measurement[]>(compared.map((program) => [program, []]));
  for (let run = 0; run < runs; run++) {
    for (const [program, measurements] of results) {
      for (const leftover of ['', '-lock']) rmSync(program.table + leftover, { force: true });
      measurements.push(measure(program.command));
    }
  }
  let own = 0;
  return [...results].map(([{ format, name, table }, measurements], i) => {
    const seconds = measurements.map((each) => each.seconds);
    if (i === 0 || compared[i - 1].format !== format) own = median(seconds);
    return [
      entries,
      format,
      name,
      (median(seconds) / own).toFixed(1),
      median(seconds),
      spread(seconds),
      median(measurements.map((each) => each.cpuSeconds)),
      Math.round(median(measurements.map((each) => each.residentMegabytes)) * 1.048576),
      statSync(table).size / 1e6,
    ];
  });
}

const work = mkdtempSync(join(tmpdir(), 'bench-dbm-'));
try {
  chmodSync(work, 0o755);
  const once = join(work, 'once.mjs');
  const options = {
    platform: 'node' as const,
    target: 'node20.19',
    external: ['better-sqlite3'],
    logLevel: 'warning' as const,
  };
  await bundle({ ...options, entryPoints: ['bench/dbm/once.ts'], outfile: once, format: 'esm' });
  const thread = join(work, 'second-thread.cjs');
  await bundle({
    ...options,
    entryPoints: ['src/dbm/second-thread/thread.ts'],
    outfile: thread,
    format: 'cjs',
  });
  const postmap = unpackPostmap(join(work, 'postfix'));
  const rows: (string | number)[][] = [];
  for (const entries of sizes) {
    const all = programs(work, entries, once, postmap);
    rows.push(...compare(all, entries));
  }
  report({
    name: 'dbm',
    title: 'Tables that Exim looks up',
    command,
    columns: [
      'entries',
      'format',
      'program',
      'times ours',
      's',
      'from – to',
      'CPU s',
      'resident MB',
      'file MB',
    ],
    rows,
    notes: [
      'From unsorted aliases, whole processes, medians, in turn. Ours read a .dat, write the table, force it to the disk and read every',
      'entry back; the others do the first two. `npx tsx bench/dbm/main.ts 10000000` takes minutes.',
      ...(postmap === undefined ? ['postmap is missing: its package could not be had.'] : []),
    ],
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}
