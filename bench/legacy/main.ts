// The whole hourly job against the scripts that it replaces, both from slapd on loopback:
// `npx tsx bench/legacy/main.ts [RUNS] [RECIPIENTS...]`.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateCampus } from '../../fixtures/campus/generate.ts';
import { type Slapd, startSlapd } from '../../test/integration/slapd.ts';
import { CampusHub } from '../campus-hub.ts';
import { type Measurement, measure, median, spread } from '../measure.ts';
import { quick, report } from '../result.ts';
import { timeOfServer } from '../server-time.ts';

const [runs = 3, ...sizes] = process.argv.slice(2).map(Number);

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
    'times as fast',
    'legacy s',
    'ours s',
    'legacy lowest-highest s',
    'ours lowest-highest s',
    'legacy processor s',
    'ours processor s',
    'legacy slapd s',
    'ours slapd s',
    'legacy requests',
    'our requests',
  ],
  rows,
  notes: [
    `A campus of so many objects, five addresses a recipient, from slapd on loopback; medians of ${runs} runs, in turn. The scripts (bench/legacy)`,
    'search for each of two tables in pages of 1,000, compare sizes in shell, and call exim_dbmbuild five times; they do the same in every',
    'hour. first: nothing is there yet. unchanged: the same again. changed: hours of the campus, one after the other, in each of which one of',
    '2,000 recipients comes, goes, or changes its name or addresses, and some more join. Requests: searches and binds, as each side counts its own.',
    "slapd: the directory's own processor time. It runs on the same processors: no first hour can be done in less than ours and its, shared among them.",
    'slapd gives ours pages of 20,000. Active Directory gives nobody more than 1,000: there a first hour, and the full extraction of each day, takes',
    'about as many requests as the scripts make in every hour, since the recipients are the same; the other hours take what stands here.',
  ],
});

async function compare(recipients: number): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'bench-legacy-'));
  try {
    const campus = join(work, 'campus');
    await generateCampus({ recipients, seed: 1, out: campus, crowdedGroup: false, hours: runs });
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
  const folder = join(work, 'legacy');
  const { url, base, bindDn, rootDn, passwordFile } = slapd;
  const legacy = ['bench/legacy/hourly.sh', folder, url, base, bindDn, passwordFile];
  const hub = new CampusHub(work, campus, slapd);

  const ofServer = <T extends object>(work: () => T): T & ServerTime => {
    const { result, seconds } = timeOfServer(slapd.pid, work);
    return { ...result, serverSeconds: seconds };
  };
  const theirs: (Measurement & ServerTime)[] = [];
  const ours: Record<'first' | 'unchanged' | 'changed', (ReturnType<CampusHub['build']> & ServerTime)[]> = {
    first: [],
    unchanged: [],
    changed: [],
  };
  for (let run = 0; run < runs; run++) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const table of ['mlist_table', 'local_domains']) {
      copyFileSync(join(campus, `${table}.dat`), join(folder, `${table}.dat`));
    }
    writeFileSync(join(folder, 'sm_table.dat'), students(join(campus, 'sm_table.csv')));
    theirs.push(ofServer(() => measure(legacy)));
    hub.empty();
    ours.first.push(ofServer(() => hub.build()));
    ours.unchanged.push(ofServer(() => hub.build()));
  }
  const access = ['-x', '-H', url, '-D', rootDn, '-y', passwordFile];
  for (let run = 1; run <= runs; run++) {
    const changes = join(campus, 'hours', `${String(run).padStart(3, '0')}.ldif`);
    execFileSync('ldapmodify', [...access, '-f', changes], { stdio: 'ignore' });
    ours.changed.push(ofServer(() => hub.build()));
  }

  const seconds = (all: readonly Measurement[]) => all.map((each) => each.seconds);
  const processor = (all: readonly Measurement[]) => median(all.map(({ cpuSeconds }) => cpuSeconds));
  const server = (all: readonly ServerTime[]) => median(all.map(({ serverSeconds }) => serverSeconds));
  const reference = median(seconds(theirs));
  for (const [hour, all] of Object.entries(ours)) {
    const time = median(seconds(all));
    rows.push([
      recipients,
      hour,
      reference / time,
      reference,
      time,
      spread(seconds(theirs)),
      spread(seconds(all)),
      processor(theirs),
      processor(all),
      server(theirs),
      server(all),
      requestsOf(theirs[0].printed),
      median(all.map(({ requests }) => requests)),
    ]);
  }
}

interface ServerTime {
  readonly serverSeconds: number;
}

/** The students as the old registry's script left them, in exim_dbmbuild's syntax. */
function students(csv: string): string {
  const rowsOf = readFileSync(csv, 'latin1').matchAll(/^"?([\w.+-]+)"?,(s\d+),/gm);
  return Array.from(
    rowsOf,
    ([, alias, id]) => `${alias}@stmarys.example.ac.uk: ${id}@students.example.ac.uk\n`,
  ).join('');
}

/** Each search of the scripts says how many it took. */
function requestsOf(printed: string): number {
  const searches = printed.match(/^\d+$/gm) ?? [];
  if (searches.length !== 2) throw new Error(`the scripts failed: ${printed}`);
  return searches.reduce((sum, requests) => sum + Number(requests), 0);
}
