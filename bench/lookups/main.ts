// Lookups by the real Exim in each format that an Exim here reads: `npx tsx bench/lookups/main.ts [ENTRIES] [RUNS]`.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  builtExim,
  type Exim,
  eximWithSqlite,
  expand,
  installedExim,
  lookupOf,
  versionOf,
} from '../../fixtures/exim/exim.ts';
import { behindDbm, type FormatName, formats, openTable } from '../../src/dbm/index.ts';
import { readDat } from '../../src/tables/dat/read.ts';
import { datLayout, mapLayout, writeAliases } from '../dbm/aliases.ts';
import { median, spread } from '../measure.ts';
import { quick, report } from '../result.ts';

const entries = Number(process.argv[2] ?? (quick ? 100_000 : 1_000_000));
const runs = Number(process.argv[3] ?? (quick ? 2 : 5));
const LOOKUPS = 50_000;

/** A table, and who looks keys up in it. */
interface Subject {
  readonly format: FormatName;
  readonly lookup: 'dbm' | 'own';
  readonly maker: string;
  readonly path: string;
  readonly exim: Exim;
  readonly seconds: number[];
}

const work = mkdtempSync(join(tmpdir(), 'bench-lookups-'));
try {
  chmodSync(work, 0o755);
  const dat = join(work, 'in.dat');
  writeAliases(dat, entries, datLayout);
  const map = join(work, 'in.map');
  writeAliases(map, entries, mapLayout);
  const [config, keys] = [join(work, 'exim.conf'), randomKeys(dat)];
  writeFileSync(config, 'primary_hostname = bench.example\n');

  const subjects: Subject[] = [];
  const left: FormatName[] = [];
  const add = async (
    format: FormatName,
    lookup: Subject['lookup'],
    exim: Exim | undefined,
  ): Promise<void> => {
    if (exim === undefined) {
      left.push(format);
      return;
    }
    const path = join(work, `ours.${format}`);
    const { write, companion } = lookup === 'dbm' ? behindDbm(format) : formats[format];
    await write(path, readDat(readFileSync(dat)));
    await companion?.write(path + companion.suffix);
    subjects.push({ format, lookup, maker: 'ours', path, exim, seconds: [] });
  };
  const theirs = (
    format: FormatName,
    lookup: Subject['lookup'],
    maker: string,
    command: readonly string[],
  ): void => {
    const path = join(work, `theirs.${format}`);
    const [program, ...args] = [...command];
    execFileSync(
      program,
      args.map((arg) => (arg === 'TABLE' ? path : arg)),
      { stdio: 'ignore' },
    );
    subjects.push({ format, lookup, maker, path, exim: installedExim, seconds: [] });
  };
  await add('bdb', 'dbm', installedExim);
  theirs('bdb', 'dbm', 'exim_dbmbuild', ['exim_dbmbuild', dat, 'TABLE']);
  await add('cdb', 'own', installedExim);
  theirs('cdb', 'own', 'cdb -c', ['cdb', '-c', '-m', 'TABLE', map]);
  await add('sqlite', 'own', sqliteExim());
  await add('lmdb', 'own', builtExim('bdb'));
  await add('gdbm', 'dbm', builtExim('gdbm'));
  await add('tdb', 'dbm', builtExim('tdb'));

  for (let run = 0; run < runs; run++) {
    for (const { format, lookup, path, exim, seconds } of subjects) {
      const expansions = keys.map((key) => lookupOf(format, lookup, path, key));
      const started = performance.now();
      const found = expand(exim, config, expansions).filter((answer) => answer !== 'none').length;
      seconds.push((performance.now() - started) / 1000);
      if (found !== keys.length) throw new Error(`Exim found ${found} of ${keys.length} keys in ${path}`);
    }
  }
  const missing =
    left.length === 0
      ? []
      : [
          `Not looked up: ${left.join(', ')}. No Exim of Debian's reads them; \`make exim-formats\` builds some that do.`,
        ];
  report({
    name: 'lookups',
    title: `Lookups by the real Exim in tables of ${entries} aliases`,
    command: `npx tsx bench/lookups/main.ts ${entries} ${runs}`,
    columns: [
      'format',
      'lookup',
      'file',
      'Exim',
      `${LOOKUPS} lookups, s`,
      'lowest-highest',
      'file MB',
      'pages a lookup',
    ],
    rows: subjects.map(({ format, lookup, maker, path, exim, seconds }) => [
      format,
      lookup === 'own' ? format : 'dbm',
      maker,
      /Exim version (\S+)/.exec(versionOf(exim))?.[1] ?? '',
      median(seconds),
      spread(seconds),
      statSync(path).size / 1e6,
      format === 'bdb' ? pagesALookup(path) : '',
    ]),
    notes: [
      `\`exim -be\` looks ${LOOKUPS} keys up, here and there in the table, and finds each; medians of ${runs} runs, in turn. It opens the file once, and`,
      'most of the time is its own. Pages a lookup: of buckets, what a lookup of each key reads, counted in the file.',
      ...missing,
    ],
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** The one that Debian has beside the installed one; built ones read SQLite, too. */
function sqliteExim(): Exim | undefined {
  try {
    return eximWithSqlite();
  } catch {
    return builtExim('bdb');
  }
}

function pagesALookup(path: string): string {
  const file = openTable(path);
  const { detail } = file.statistics();
  file.close();
  return detail['bucket pages read per lookup'].toFixed(3);
}

/** Keys of the table, here and there in it, the same ones every time. */
function randomKeys(dat: string): string[] {
  const { count, pool, keyStart, keyEnd } = readDat(readFileSync(dat));
  let seed = 4711;
  return Array.from({ length: LOOKUPS }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const entry = Math.floor((seed / 2 ** 32) * count);
    return Buffer.from(pool.subarray(keyStart[entry], keyEnd[entry])).toString();
  });
}
