import { execFileSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTable } from '../../src/dbm/index.ts';
import { median, spread } from '../measure.ts';
import { report } from '../result.ts';

const LOOKUPS = 50_000;
const RUNS = 5;

/** How Exim finds its way in two files of the same aliases: the pages that lookups read, counted, and its own time. */
export function compareLookups(folder: string, ours: string, theirs: string, command: string): void {
  const config = join(folder, 'exim.conf');
  writeFileSync(config, 'primary_hostname = bench.example\n');
  const keys = randomKeys(theirs);
  const tables = [
    { name: "mailhub-dbmbuild's", path: ours },
    { name: "exim_dbmbuild's", path: theirs },
  ];
  const seconds = tables.map((): number[] => []);
  for (let run = 0; run < RUNS; run++) {
    for (const [i, { path }] of tables.entries()) seconds[i].push(eximSeconds(config, path, keys));
  }
  const rows = tables.map(({ name, path }, i) => {
    const file = openTable(path);
    const { entries, bytes, detail } = file.statistics();
    file.close();
    const pages = detail['bucket pages read per lookup'].toFixed(3);
    return [name, pages, median(seconds[i]), spread(seconds[i]), bytes / 1e6, entries];
  });
  report({
    name: 'lookups',
    title: 'Lookups in Berkeley DB files',
    command,
    columns: [
      'file',
      'bucket pages a lookup',
      `Exim, ${LOOKUPS} lookups, s`,
      'from – to',
      'file MB',
      'entries',
    ],
    rows,
    notes: [
      `Bucket pages: what a lookup of each key reads, counted in the file. Exim: \`exim -be\` looks ${LOOKUPS} random keys up`,
      `with its own dbm lookup and finds each; medians of ${RUNS} runs, in turn. It opens the file once and most of the time is its own.`,
    ],
  });
}

/** Keys of the file, here and there in it, the same ones every time. */
function randomKeys(path: string): string[] {
  const file = openTable(path);
  const { count, pool, keyStart, keyEnd } = file.pairs();
  file.close();
  let seed = 4711;
  return Array.from({ length: LOOKUPS }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const entry = Math.floor((seed / 2 ** 32) * count);
    return Buffer.from(pool.subarray(keyStart[entry], keyEnd[entry])).toString();
  });
}

/** @throws Error when Exim does not find every key */
function eximSeconds(config: string, path: string, keys: readonly string[]): number {
  statSync(path);
  const input = keys.map((key) => `\${lookup{${key}}dbm{${path}}{found}{none}}\n`).join('');
  const started = performance.now();
  const output = execFileSync('exim4', ['-C', config, '-be'], { input, maxBuffer: 1 << 30 }).toString();
  const seconds = (performance.now() - started) / 1000;
  const found = output.match(/found/g)?.length;
  if (found !== keys.length) throw new Error(`Exim found ${found} of ${keys.length} keys in ${path}`);
  return seconds;
}
