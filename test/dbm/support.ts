import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Pairs } from '../../src/dbm/index.ts';

/** A directory for one test file, readable for Exim's user, gone when the file is done. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mailhub-dbm-'));
  chmodSync(directory, 0o755);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export type Entry = readonly [key: Uint8Array | string, value: Uint8Array | string];

export function pairsOf(entries: readonly Entry[]): Pairs {
  const parts = entries.flatMap(([key, value]) => [Buffer.from(key), Buffer.from(value)]);
  const columns = [0, 1, 2, 3].map(() => new Uint32Array(entries.length));
  const [keyStart, keyEnd, valueStart, valueEnd] = columns as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let at = 0;
  entries.forEach((_, i) => {
    keyStart[i] = at;
    keyEnd[i] = at + (parts[2 * i]?.length ?? 0);
    valueStart[i] = keyEnd[i];
    valueEnd[i] = valueStart[i] + (parts[2 * i + 1]?.length ?? 0);
    at = valueEnd[i];
  });
  return {
    count: entries.length,
    pool: new Uint8Array(Buffer.concat(parts)),
    keyStart,
    keyEnd,
    valueStart,
    valueEnd,
  };
}

/** Entries as sorted lines of hex, to compare tables whatever their order. */
export function hexLines(pairs: Pairs): string[] {
  const hex = (start: number, end: number) => Buffer.from(pairs.pool.subarray(start, end)).toString('hex');
  return Array.from(
    { length: pairs.count },
    (_, i) => `${hex(pairs.keyStart[i], pairs.keyEnd[i])} ${hex(pairs.valueStart[i], pairs.valueEnd[i])}`,
  ).sort();
}

/** Aliases of a kind that a mailhub has, numbered so that none comes twice. */
export function aliases(count: number): Entry[] {
  const first = ['anna', 'bo', 'christopher', 'd', 'elizabeth-jane', 'fay', 'george'];
  const last = ['ng', 'smith', "o'brien", 'featherstonehaugh', 'jones'];
  return Array.from({ length: count }, (_, i) => {
    const name = `${first[i % 7]}.${last[i % 5]}.${i}`;
    return [`${name}@example.ac.uk`, `${name.slice(0, 3)}${i}@exchange.example.ac.uk`] as const;
  });
}

export function datOf(entries: readonly Entry[]): string {
  return entries.map(([key, value]) => `${key}: ${value}\n`).join('');
}

/** Runs a program and returns its output; throws with what it said when it fails. */
export function run(program: string, args: readonly string[], input?: string | Uint8Array): Buffer {
  return execFileSync(program, args, { input, maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** The answers of Exim's `dbm`-like lookup for each key, `undefined` where it finds none. */
export function eximLookup(
  lookup: string,
  path: string,
  keys: readonly string[],
  config: string,
): (string | undefined)[] {
  const expansions = keys.map((key) => `\${lookup{${key}}${lookup}{${path}}{[$value]}{none}}\n`).join('');
  const answers = run('exim4', ['-C', config, '-be'], expansions)
    .toString()
    .split('\n')
    .map((line) => line.replace(/^(> )+/, ''))
    .filter((line) => line !== '');
  if (answers.length !== keys.length) throw new Error(`${answers.length} answers for ${keys.length} keys`);
  return answers.map((answer) => (answer === 'none' ? undefined : answer.slice(1, -1)));
}

/** How often a property is tried; `LONG_RUN=20` tries twenty times as hard. */
export function runs(count: number): { numRuns: number } {
  return { numRuns: count * Number(process.env.LONG_RUN ?? 1) };
}

/**
 * The keys that a perl module's own lookup does not find with the value they have in `lines`: key and value, in hex.
 *
 * @param flags what the module opens a file with, for reading
 */
export function notFoundByPerl(
  module: string,
  flags: string,
  path: string,
  lines: readonly string[],
): string[] {
  const script = `
    use ${module}; tie(my %t, '${module}', $ARGV[0], ${flags}) or die $!;
    while (<STDIN>) {
      chomp; my ($k, $v) = split / /, $_, 2; my $found = $t{pack 'H*', $k};
      print "$k\\n" unless defined $found && $found eq pack 'H*', $v;
    }`;
  return run('perl', ['-e', script, path], lines.map((line) => `${line}\n`).join(''))
    .toString()
    .split('\n')
    .slice(0, -1);
}
