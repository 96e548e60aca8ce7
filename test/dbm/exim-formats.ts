// The formats that no Exim of Debian's looks up, with Exims that scripts/exim-source has built: `npx tsx test/dbm/exim-formats.ts FOLDER`.
// Each looks up every key of a table in every format that it can read, and some that are not there.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAliases } from '../../bench/dbm/aliases.ts';
import {
  builtExim,
  type DbmLibrary,
  type Exim,
  expand,
  lookupOf,
  versionOf,
} from '../../fixtures/exim/exim.ts';
import { behindDbm, type FormatName, formats, type Pairs } from '../../src/dbm/index.ts';
import { readDat } from '../../src/tables/dat/read.ts';

const ENTRIES = 20_000;
const libraries: readonly DbmLibrary[] = ['bdb', 'gdbm', 'tdb', 'sqlite'];

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('say where scripts/exim-source has put them');
const work = mkdtempSync(join(tmpdir(), 'exim-formats-'));
try {
  chmodSync(work, 0o755);
  const entries = tableEntries();
  console.log(
    '| Exim | `dbm` by | format | lookup | keys found | not there |\n| --- | --- | --- | --- | --- | --- |',
  );
  for (const library of libraries) {
    const exim = builtExim(library, folder);
    if (exim === undefined) throw new Error(`${folder} has no Exim with ${library}`);
    const said =
      /^ *(?:Berkeley DB: )?(Berkeley DB [\d.]+|Using \w+|Probably .*)/m.exec(versionOf(exim))?.[1] ?? '?';
    const version = readFileSync(join(folder, 'version'), 'utf8').trim();
    await tryOut(exim, `${version} | ${said}`, library, 'dbm', entries);
    if (library !== 'bdb') continue;
    for (const format of ['cdb', 'lmdb', 'sqlite'] as const)
      await tryOut(exim, `${version} |`, format, 'own', entries);
  }
} finally {
  rmSync(work, { recursive: true });
}

/** @throws Error for a key that is not found with its value */
async function tryOut(
  exim: Exim,
  name: string,
  formatName: FormatName,
  lookup: 'dbm' | 'own',
  entries: ReadonlyMap<string, string>,
): Promise<void> {
  const format = lookup === 'dbm' ? behindDbm(formatName) : formats[formatName];
  const path = join(work, `table${format.suffix}`);
  await format.write(path, pairsOf(entries));
  if (format.companion !== undefined) await format.companion.write(path + format.companion.suffix);
  const config = join(work, 'exim.conf');
  writeFileSync(config, 'keep_environment =\n');
  const missing = Array.from({ length: 1000 }, (_, i) => `nobody.${i}@ox.ac.uk`);
  const keys = [...entries.keys(), ...missing];
  const answers = expand(
    exim,
    config,
    keys.map((key) => lookupOf(formatName, lookup, path, key)),
  );
  for (const [i, key] of keys.entries()) {
    const value = entries.get(key);
    const wanted = value === undefined ? 'none' : `[${value}]`;
    if (answers[i] !== wanted)
      throw new Error(`${name} ${formatName}: ${key}: ${answers[i]}, and not ${wanted}`);
  }
  const shown = lookup === 'own' ? formatName : 'dbm';
  console.log(`| ${name} | ${formatName} | ${shown} | ${entries.size} | ${missing.length} |`);
  for (const suffix of ['', format.companion?.suffix ?? '']) rmSync(path + suffix, { force: true });
}

/** Aliases, and what is at the edges: the shortest key, a long one, a value of many addresses, UTF-8, quotes. */
function tableEntries(): Map<string, string> {
  const dat = join(work, 'in.dat');
  writeAliases(dat, ENTRIES, (key, value) => `${key}: ${value}\n`);
  const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = readDat(readFileSync(dat));
  const text = (start: number, end: number): string => Buffer.from(pool.subarray(start, end)).toString();
  const aliases = Array.from({ length: count }, (_, i): [string, string] => [
    text(keyStart[i], keyEnd[i]),
    text(valueStart[i], valueEnd[i]),
  ]);
  return new Map([
    ...aliases,
    ['a', 'the shortest'],
    [`${'l'.repeat(64)}@${'d'.repeat(60)}.example.ac.uk`, 'long'],
    [
      'list@lists.example.ac.uk',
      Array.from({ length: 150 }, (_, i) => `person${i}@example.ac.uk`).join(', '),
    ],
    ['zoë@example.ac.uk', 'Zoë'],
    ["o'neill@example.ac.uk", "n'o@example.ac.uk"],
  ]);
}

function pairsOf(entries: ReadonlyMap<string, string>): Pairs {
  const parts = [...entries].flat().map((text) => Buffer.from(text));
  const ends: number[] = [];
  let end = 0;
  for (const { length } of parts) {
    end += length;
    ends.push(end);
  }
  const column = (part: 0 | 1, isEnd: boolean) =>
    Uint32Array.from(entries.keys(), (_, i) => (isEnd ? ends[2 * i + part] : (ends[2 * i + part - 1] ?? 0)));
  return {
    count: entries.size,
    pool: Buffer.concat(parts),
    keyStart: column(0, false),
    keyEnd: column(0, true),
    valueStart: column(1, false),
    valueEnd: column(1, true),
  };
}
