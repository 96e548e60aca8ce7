// Writes docs/performance.md and its plots from the results that the benchmarks kept: `npx tsx bench/page.ts RESULTS_DIR`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { plot } from './plot.ts';
import { cell, isOfWords, type Result } from './result.ts';

/** The page begins with what matters most to a hub. Results of other names come behind, by name. */
const order = ['hour', 'stages', 'delta', 'build', 'extraction', 'dbm', 'lookups', 'scale', 'startup'];

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('say where the results are: npx tsx bench/page.ts RESULTS_DIR');
const results = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name): Result => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  .sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));

mkdirSync('docs/performance', { recursive: true });
const sections = results.map((result) => {
  const { name, title, command, columns, rows, notes, drawn } = result;
  const picture = drawn === undefined ? [] : [`![${title}](performance/${name}.svg)`, ''];
  if (drawn !== undefined) writeFileSync(`docs/performance/${name}.svg`, plot(result, drawn));
  const lines = [
    columns,
    columns.map((_, column) => (isOfWords(result, column) ? '---' : '---:')),
    ...rows.map((row) => row.map(cell)),
  ];
  return [
    `## ${title}`,
    '',
    ...lines.map((line) => `| ${line.join(' | ')} |`),
    '',
    ...picture,
    ...notes,
    '',
    `    ${command}`,
    '',
  ].join('\n');
});
writeFileSync('docs/performance.md', [head(), ...sections].join('\n'));

function place({ name }: Result): number {
  const found = order.indexOf(name);
  return found < 0 ? order.length : found;
}

function head(): string {
  const processors = cpus();
  const machine = `${processors.length} processors (${processors[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB of memory`;
  const versions = [
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    ...versionOf('slapd', ['-VV'], /slapd (\S+)/, 'slapd'),
    ...versionOf('exim', ['-bV'], /Exim version (\S+)/, 'Exim'),
    ...versionOf('db_load', ['-V'], /Berkeley DB ([\d.]+)/, 'Berkeley DB'),
    ...versionOf(
      'perl',
      ['-MNet::LDAP', '-e', 'print "Net::LDAP $Net::LDAP::VERSION"'],
      /Net::LDAP (\S+)/,
      'Net::LDAP',
    ),
  ];
  return `# Performance

Written by bench/page.ts from the results that the commands below have kept; \`make bench\` runs them all and writes it anew, and nothing here
is typed by hand. Compare within one table only: other programs ran in turn with ours, on the same machine, and its moods are in all of them.

Machine: ${machine}. ${versions.join(', ')}.
`;
}

function versionOf(command: string, args: readonly string[], pattern: RegExp, name: string): string[] {
  try {
    const both = execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', command, ...args], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` },
    });
    const version = pattern.exec(both)?.[1];
    return version === undefined ? [] : [`${name} ${version}`];
  } catch {
    return [];
  }
}
