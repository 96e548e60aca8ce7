// The whole hourly job against the scripts that it replaces, both from slapd on loopback:
// `npx tsx bench/legacy/main.ts [RUNS] [RECIPIENTS...]`.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillTemplate } from '../../fixtures/campus/configuration.ts';
import { generateCampus } from '../../fixtures/campus/generate.ts';
import type { BuildReport } from '../../src/tables/report.ts';
import { type Slapd, startSlapd } from '../../test/integration/slapd.ts';
import { measure, median, spread } from '../measure.ts';
import { quick, report } from '../result.ts';

const [runs = 3, ...sizes] = process.argv.slice(2).map(Number);
const tables = ['exch_table', 'o365_table', 'mlist_table', 'sm_table', 'local_domains'];

const rows: (string | number)[][] = [];
for (const recipients of sizes.length > 0 ? sizes : quick ? [10_000] : [10_000, 100_000, 200_000])
  await compare(recipients);
report({
  name: 'hour',
  title: 'The hourly job for five tables: perl Net::LDAP, size check and exim_dbmbuild against build',
  command: `npx tsx bench/legacy/main.ts ${process.argv.slice(2).join(' ')}`.trim(),
  columns: [
    'recipients',
    'hour',
    'legacy s',
    'ours s',
    'times as fast',
    'ours lowest-highest s',
    'legacy requests',
    'our requests',
  ],
  rows,
  notes: [
    `Medians of ${runs} runs. "changed": the first ordinary hour of the campus was applied in between.`,
    'Requests: searches and binds, as each side counts its own.',
  ],
});

async function compare(recipients: number): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'bench-legacy-'));
  try {
    const campus = join(work, 'campus');
    await generateCampus({ recipients, seed: 1, out: campus, crowdedGroup: false, hours: 1 });
    const slapd = await startSlapd({
      ldif: join(campus, 'directory.ldif'),
      references: false,
      tellsChanges: true,
    });
    try {
      hours(recipients, work, campus, slapd);
    } finally {
      await slapd.stop();
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function hours(recipients: number, work: string, campus: string, slapd: Slapd): void {
  const legacy = [
    'bench/legacy/hourly.sh',
    join(work, 'legacy'),
    slapd.url,
    slapd.base,
    slapd.bindDn,
    slapd.passwordFile,
  ];
  const config = join(work, 'mailhub-tables.toml');
  writeFileSync(config, configuration(work, campus, slapd));
  const ours = ['bin/mailhub-tables', 'build', '--config', config];

  const seconds: Record<string, number[]> = { legacy: [], first: [], unchanged: [], changed: [] };
  const requests: Record<string, number> = {};
  for (let run = 0; run < runs; run++) {
    for (const folder of ['legacy', 'etc', 'state']) {
      rmSync(join(work, folder), { recursive: true, force: true });
      mkdirSync(join(work, folder));
    }
    copyFileSync(join(campus, 'local_domains.dat'), join(work, 'etc/local_domains.dat'));
    for (const table of ['mlist_table', 'local_domains']) {
      copyFileSync(join(campus, `${table}.dat`), join(work, 'legacy', `${table}.dat`));
    }
    writeFileSync(join(work, 'legacy/sm_table.dat'), students(join(campus, 'sm_table.csv')));
    seconds.legacy.push(measure(legacy).seconds);
    for (const hour of ['first', 'unchanged']) seconds[hour].push(measure(ours).seconds);
  }
  requests.first = requestsOf([...ours, '--full', '--dry-run']);
  requests.unchanged = requestsOf([...ours, '--dry-run']);
  const access = ['-x', '-H', slapd.url, '-D', slapd.rootDn, '-y', slapd.passwordFile];
  execFileSync('ldapmodify', [...access, '-f', join(campus, 'hours/001.ldif')], { stdio: 'ignore' });
  requests.changed = requestsOf([...ours, '--dry-run']);
  seconds.changed.push(measure(ours).seconds);
  requests.legacy = tables.slice(0, 2).reduce((sum, table) => sum + legacyRequests(table, slapd), 0);

  const reference = median(seconds.legacy);
  for (const hour of ['first', 'unchanged', 'changed']) {
    const all = seconds[hour];
    const time = median(all);
    rows.push([
      recipients,
      hour,
      reference,
      time,
      reference / time,
      spread(all),
      requests.legacy,
      requests[hour],
    ]);
  }
}

function configuration(work: string, campus: string, slapd: Slapd): string {
  const text = fillTemplate(readFileSync(join(campus, 'mailhub-tables.toml'), 'utf8'), {
    tablesDir: join(work, 'etc'),
    stateDir: join(work, 'state'),
    campusDir: campus,
    urls: [slapd.url],
    passwordFile: slapd.passwordFile,
    allowPlaintext: true,
  });
  // Turnover takes away as well as it brings: the old rule would hold an hour in which more goes than comes.
  return text.replaceAll(/^\[tables\.(exch|o365)_table\]$/gm, '$&\nguard = { max_removed = "5%" }');
}

/** The students as the old registry's script left them, in exim_dbmbuild's syntax. */
function students(csv: string): string {
  const rowsOf = readFileSync(csv, 'latin1').matchAll(/^"?([\w.+-]+)"?,(s\d+),/gm);
  return Array.from(
    rowsOf,
    ([, alias, id]) => `${alias}@stmarys.example.ac.uk: ${id}@students.example.ac.uk\n`,
  ).join('');
}

function requestsOf(command: readonly string[]): number {
  const [file, ...args] = [...command, '--json'];
  const { directories }: BuildReport = JSON.parse(
    execFileSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 30 }),
  );
  return directories[0]?.report?.requests ?? Number.NaN;
}

function legacyRequests(table: string, { url, base, bindDn, passwordFile }: Slapd): number {
  const shell = `perl bench/legacy/extract.pl ${table} "$@" 2>&1 >/dev/null`;
  return Number(
    execFileSync('sh', ['-c', shell, 'sh', url, base, bindDn, passwordFile], { encoding: 'utf8' }),
  );
}
