// An extraction for two tables against `ldapsearch` and perl's Net::LDAP, whole processes, from slapd on loopback:
// `npx tsx bench/ldap/main.ts [RECIPIENTS] [RUNS]`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { startSlapd } from '../../test/integration/slapd.ts';
import { writeDirectory } from '../build/directory.ts';
import { type Measurement, measure, median } from '../measure.ts';
import { attributes, filters } from './selections.ts';

const recipients = Number(process.argv[2] ?? 200_000);
const runs = Number(process.argv[3] ?? 7);

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
  const ratio = (of: (measurement: Measurement) => number) =>
    median(ours.map((measurement, run) => of(measurement) / of(theirs[run]))).toFixed(2);
  console.log(`${recipients} recipients with five addresses each; medians of ${runs} runs`);
  for (const [name, all] of [
    ['ldapsearch', theirs],
    ['extraction', ours],
    ['Net::LDAP, one run', [netLdap]],
  ] as const) {
    const seconds = median(all.map((each) => each.seconds)).toFixed(2);
    const cpu = median(all.map((each) => each.cpuSeconds)).toFixed(2);
    const resident = median(all.map((each) => each.residentMegabytes)).toFixed(0);
    console.log(`${name}: ${seconds} s, ${cpu} s of processor, ${resident} MiB resident`);
  }
  console.log(
    `ratio, run by run: ${ratio(({ seconds }) => seconds)} in time, ${ratio(({ cpuSeconds }) => cpuSeconds)} in processor time`,
  );
  const extractionSeconds = median(ours.map(({ seconds }) => seconds));
  console.log(
    `Net::LDAP takes ${(netLdap.seconds / extractionSeconds).toFixed(1)} times as long as the extraction`,
  );
}
