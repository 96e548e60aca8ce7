// An extraction for two tables against `ldapsearch` and perl's Net::LDAP, whole processes, from slapd on loopback:
// `npx tsx bench/ldap/main.ts [RECIPIENTS] [RUNS]`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { startSlapd } from '../../test/integration/slapd.ts';
import { writeDirectory } from '../build/directory.ts';
import { type Measurement, measure, median, spread } from '../measure.ts';
import { quick, report } from '../result.ts';
import { attributes, filters } from '../two-tables.ts';

const recipients = Number(process.argv[2] ?? (quick ? 20_000 : 200_000));
const runs = Number(process.argv[3] ?? (quick ? 3 : 7));

const work = mkdtempSync(join(tmpdir(), 'bench-ldap-'));
try {
  const ldif = join(work, 'directory.ldif');
  writeDirectory(ldif, recipients);
  const slapd = await startSlapd({ ldif, references: false, tellsChanges: true });
  try {
    const program = join(work, 'extract.mjs');
    await build({
      entryPoints: [join(import.meta.dirname, 'extract-once.ts')],
      outfile: program,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      logLevel: 'warning',
    });
    const { url, base, bindDn, passwordFile } = slapd;
    const account = ['-x', '-LLL', '-H', url, '-D', bindDn, '-y', passwordFile, '-b', base];
    const ldapsearch = [
      'ldapsearch',
      ...account,
      '-E',
      'pr=1000/noprompt',
      `(|${filters.join('')})`,
      ...attributes,
    ];
    const script = join(import.meta.dirname, 'net-ldap.pl');
    const perl = ['perl', script, url, base, bindDn, passwordFile, `(|${filters.join('')})`, ...attributes];
    compare(ldapsearch, [process.execPath, program, url, bindDn, passwordFile, base], perl);
  } finally {
    await slapd.stop();
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

function compare(
  ldapsearch: readonly string[],
  extraction: readonly string[],
  perl: readonly string[],
): void {
  const theirs: Measurement[] = [];
  const ours: Measurement[] = [];
  measure(ldapsearch);
  for (let run = 0; run < runs; run++) {
    theirs.push(measure(ldapsearch));
    ours.push(measure(extraction));
  }
  // Once is enough: it takes many times as long.
  const netLdap = measure(perl);
  const reference = median(theirs.map(({ cpuSeconds }) => cpuSeconds));
  const ownSeconds = median(ours.map(({ seconds }) => seconds));
  const theirSeconds = median(theirs.map(({ seconds }) => seconds));
  const row = (name: string, all: readonly Measurement[]): (string | number)[] => {
    const seconds = all.map((each) => each.seconds);
    const cpu = median(all.map((each) => each.cpuSeconds));
    return [
      name,
      median(seconds) / theirSeconds,
      median(seconds) / ownSeconds,
      cpu / reference,
      median(seconds),
      spread(seconds),
      cpu,
      Math.round(median(all.map((each) => each.residentMegabytes))),
    ];
  };
  report({
    name: 'extraction',
    title: 'An extraction for two tables against ldapsearch and Net::LDAP',
    command: `npx tsx bench/ldap/main.ts ${recipients} ${runs}`,
    columns: [
      '',
      '/ ldapsearch',
      '/ ours',
      'processor / ldapsearch',
      'seconds',
      'lowest-highest',
      'processor s',
      'resident MB',
    ],
    rows: [row('ours', ours), row('ldapsearch', theirs), row('Net::LDAP', [netLdap])],
    notes: [
      `${recipients} recipients with five addresses each from slapd on loopback, whole processes; medians of ${runs} runs, Net::LDAP once.`,
      'Ours ends with the entries in columns; nothing is written. It reads pages of 20,000, the others pages of 1,000 as people have them;',
      'ldapsearch is about a tenth faster with larger ones.',
    ],
  });
}
