// What hours cost after the first, from the fixture LDAP server: `npx tsx bench/delta/main.ts [RECIPIENTS] [RUNS]`.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { base, serviceAccount, servicePassword } from '../../fixtures/campus/university.ts';
import type { ServerLoad } from '../../src/ldap/types.ts';
import type { BuildReport } from '../../src/tables/report.ts';
import { writeDirectory } from '../build/directory.ts';
import { type Measurement, measure, median, spread } from '../measure.ts';
import { quick, report } from '../result.ts';
import { twoTables } from '../two-tables.ts';

const recipients = Number(process.argv[2] ?? (quick ? 10_000 : 200_000));
const runs = Number(process.argv[3] ?? (quick ? 1 : 3));
const CHANGES = 100;

const work = mkdtempSync(join(tmpdir(), 'bench-delta-'));
const ldif = join(work, 'directory.ldif');
writeDirectory(ldif, recipients);
const server = spawn(process.execPath, ['--import', 'tsx', 'fixtures/server/main.ts', '--ldif', ldif], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [url] = await once(createInterface({ input: server.stdout }), 'line');
  for (const folder of ['etc', 'state']) mkdirSync(join(work, folder));
  const passwordFile = join(work, 'ad.secret');
  writeFileSync(passwordFile, servicePassword, { mode: 0o600 });
  const config = join(work, 'mailhub-tables.toml');
  writeFileSync(config, twoTables(work, { url: String(url), base, bindDn: serviceAccount, passwordFile }));
  const json = join(work, 'report.json');
  const build = (...flags: string[]): string[] => [
    ...['sh', '-c', `exec "$@" > ${json}`, 'sh'],
    ...['bin/mailhub-tables', 'build', '--json', '--config', config, ...flags],
  ];

  const results = new Map<string, Hour[]>();
  const run = (name: string, ...flags: string[]): void => {
    const measured = measure(build(...flags));
    const { directories }: BuildReport = JSON.parse(readFileSync(json, 'utf8'));
    const [{ mode, servers }] = directories;
    results.set(name, [...(results.get(name) ?? []), { ...measured, mode, server: servers[0] }]);
  };
  run('the first hour');
  for (let hour = 0; hour < runs; hour++) run('an unchanged hour');
  for (let hour = 0; hour < runs; hour++) {
    change(String(url), hour);
    run(`${CHANGES} changed objects`);
  }
  for (let hour = 0; hour < runs; hour++) run('everything again', '--full');
  report({
    name: 'delta',
    title: `Hours of ${recipients} recipients with five addresses each, two tables, from the fixture LDAP server`,
    command: `npx tsx bench/delta/main.ts ${recipients} ${runs}`,
    columns: [
      'run',
      'asked for',
      'requests',
      'entries',
      's',
      'lowest-highest',
      'with the server, s',
      'processor s',
      'resident MB',
    ],
    rows: [...results].map(([name, hours]) => {
      const middle = (figure: (hour: Hour) => number) => median(hours.map(figure));
      return [
        name,
        hours[0].mode ?? '',
        middle(({ server }) => server.requests),
        middle(({ server }) => server.entries),
        middle(({ seconds }) => seconds),
        spread(hours.map(({ seconds }) => seconds)),
        middle(({ server }) => server.milliseconds / 1000),
        middle(({ cpuSeconds }) => cpuSeconds),
        Math.round(middle(({ residentMegabytes }) => residentMegabytes)),
      ];
    }),
    notes: [
      `Whole processes, medians of ${runs} runs, the first hour once. The server tells changes by DirSync and gives pages of 1,000, as a domain controller`,
      'does. The entries of an unchanged hour are what the server says of itself; a changed object is told of once and read once. Each has one address',
      'more than before, half of them are in either table, and so both tables are written anew.',
    ],
  });
} finally {
  server.kill('SIGTERM');
  await once(server, 'exit');
  rmSync(work, { recursive: true, force: true });
}

/** A build, and what it says of the directory. */
interface Hour extends Measurement {
  readonly mode: string | undefined;
  readonly server: ServerLoad;
}

/** Gives some recipients one more address: their tables grow, as the guard likes it. */
function change(url: string, run: number): void {
  const step = Math.floor(recipients / CHANGES);
  const modifications = Array.from({ length: CHANGES }, (_, n) => {
    const i = n * step + run + (n % 2);
    const local = `${(Math.imul(i, 2654435761) >>> 0).toString(36)}.person${i}`;
    return [
      `dn: CN=${local},OU=Recipients,${base}`,
      'changetype: modify',
      'add: proxyAddresses',
      `proxyAddresses: smtp:another.${local}@example.ac.uk`,
      '',
    ].join('\n');
  });
  const login = ['-x', '-H', url, '-D', serviceAccount, '-w', servicePassword];
  execFileSync('ldapmodify', login, {
    input: modifications.join('\n'),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
}
