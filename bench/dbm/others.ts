// cdb, gdbm and tdb files, whole processes, against their own programs: `npx tsx bench/dbm/others.ts [ENTRIES…]`.
// Ours reads a `.dat`, writes the table, forces it to the disk and reads every entry back; the others do the first two.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Measurement, measure, median } from '../measure.ts';
import { datLayout, writeAliases } from './aliases.ts';

const counts = process.argv.slice(2).map(Number);
const work = mkdtempSync(join(tmpdir(), 'bench-dbm-'));
const at = (name: string) => join(work, name);

const GDBM_LOOP = `use GDBM_File; tie(my %t, 'GDBM_File', $ARGV[1], &GDBM_NEWDB, 0644) or die; open my $f, '<', $ARGV[0];
  while (<$f>) { chomp; my ($k, $v) = split /: /, $_, 2; $t{"$k\\0"} = "$v\\0"; }`;
/** With as many hash chains as entries: by tdb's own choice, 131, it would not come to an end. */
const TDB_LOOP = `
import sys, os, tdb
db = tdb.Tdb(sys.argv[2], int(sys.argv[3]), tdb.DEFAULT, os.O_RDWR | os.O_CREAT, 0o644)
for line in open(sys.argv[1], 'rb'):
  k, v = line.rstrip(b'\\n').split(b': ', 1)
  db.store(k + b'\\0', v + b'\\0')`;

function theirs(format: string, count: number): readonly string[] {
  const [dat, table] = [at('table.dat'), at(`${format}-theirs`)];
  if (format === 'cdb') return ['cdb', '-c', '-m', table, dat];
  if (format === 'gdbm') return ['perl', '-e', GDBM_LOOP, dat, table];
  return ['/usr/bin/python3', '-c', TDB_LOOP, dat, table, `${count}`];
}

function compare(count: number): void {
  writeAliases(at('table.dat'), count, datLayout);
  const runs = count < 1_000_000 ? 9 : 5;
  console.log(
    `\n${count} entries, a .dat of ${(statSync(at('table.dat')).size / 1e6).toFixed(1)} MB; medians of ${runs} runs`,
  );
  console.log('         theirs s    ours s   theirs / ours   ours resident MB   files MB');
  for (const format of ['cdb', 'gdbm', 'tdb']) {
    const results: Record<'theirs' | 'ours', Measurement[]> = { theirs: [], ours: [] };
    for (let run = 0; run < runs; run++) {
      for (const name of ['theirs', 'ours']) rmSync(at(`${format}-${name}`), { force: true });
      results.theirs.push(measure(theirs(format, count)));
      results.ours.push(measure(['node', at('once.mjs'), format, at('table.dat'), at(`${format}-ours`)]));
    }
    const their = median(results.theirs.map(({ seconds }) => seconds));
    const our = median(results.ours.map(({ seconds }) => seconds));
    const resident = median(results.ours.map(({ residentMegabytes }) => residentMegabytes)) * 1.048576;
    const sizes = ['theirs', 'ours'].map((name) => (statSync(at(`${format}-${name}`)).size / 1e6).toFixed(1));
    console.log(
      `${format.padEnd(7)}${their.toFixed(3).padStart(10)}${our.toFixed(3).padStart(10)}${(their / our).toFixed(1).padStart(16)}` +
        `${resident.toFixed(0).padStart(19)}${sizes.join(' / ').padStart(17)}`,
    );
  }
}

try {
  await build({
    entryPoints: ['bench/dbm/once.ts'],
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
