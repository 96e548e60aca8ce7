// The whole hourly job against `ldapsearch`, from slapd on loopback: `npx tsx bench/build/main.ts [RECIPIENTS] [RUNS]`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSlapd } from '../../test/integration/slapd.ts';
import { type Measurement, measure, median, spread } from '../measure.ts';
import { quick, report } from '../result.ts';
import { attributes, filters, twoTables } from '../two-tables.ts';
import { writeDirectory } from './directory.ts';

const recipients = Number(process.argv[2] ?? (quick ? 20_000 : 200_000));
const runs = Number(process.argv[3] ?? (quick ? 3 : 5));

const work = mkdtempSync(join(tmpdir(), 'bench-build-'));
try {
  const ldif = join(work, 'directory.ldif');
  writeDirectory(ldif, recipients);
  const slapd = await startSlapd({ ldif, references: false, tellsChanges: true });
  try {
    const config = join(work, 'mailhub-tables.toml');
    writeFileSync(config, twoTables(work, slapd));
    const ldapsearch = [
      ...['ldapsearch', '-x', '-H', slapd.url, '-D', slapd.bindDn, '-y', slapd.passwordFile],
      ...['-b', slapd.base, '-E', 'pr=1000/noprompt', `(|${filters.join('')})`, ...attributes],
    ];
    const build = ['bin/mailhub-tables', 'build', '--config', config];

    const results = { ldapsearch: [], first: [], unchanged: [] } as Record<string, Measurement[]>;
    for (let run = -1; run < runs; run++) {
      for (const folder of ['etc', 'state']) {
        rmSync(join(work, folder), { recursive: true, force: true });
        mkdirSync(join(work, folder));
      }
      const round = { ldapsearch: measure(ldapsearch), first: measure(build), unchanged: measure(build) };
      if (run < 0) continue; // the first round warms the caches
      for (const [name, measurement] of Object.entries(round)) results[name].push(measurement);
    }

    const reference = median(results.ldapsearch.map(({ seconds }) => seconds));
    report({
      name: 'build',
      title: 'The whole hourly job for two tables against ldapsearch',
      command: `npx tsx bench/build/main.ts ${recipients} ${runs}`,
      columns: ['', '/ ldapsearch', 'seconds', 'lowest-highest', 'processor s', 'resident MB'],
      rows: Object.entries(results).map(([name, measurements]) => {
        const seconds = measurements.map((each) => each.seconds);
        return [
          name,
          median(seconds) / reference,
          median(seconds),
          spread(seconds),
          median(measurements.map((each) => each.cpuSeconds)),
          Math.round(Math.max(...measurements.map((each) => each.residentMegabytes))),
        ];
      }),
      notes: [
        `${recipients} recipients with five addresses each from slapd on loopback; medians of ${runs} runs. first: extract, merge, judge and publish`,
        'two tables, and remember what each object gave; unchanged: the same again, which asks for changes only. Ours reads pages of 20,000,',
        'ldapsearch pages of 1,000 as people have them.',
      ],
    });
  } finally {
    await slapd.stop();
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
