// What hours cost after the first, from the fixture LDAP server: `npx tsx bench/delta/main.ts [RECIPIENTS] [RUNS]`.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { base, serviceAccount, servicePassword } from '../../fixtures/campus/university.ts';
import { writeDirectory } from '../build/directory.ts';
import { measure } from '../measure.ts';
import { quick, report } from '../result.ts';

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
  writeFileSync(join(work, 'secret'), servicePassword, { mode: 0o600 });
  const config = join(work, 'mailhub-tables.toml');
  writeFileSync(config, configuration(String(url)));
  const json = join(work, 'report.json');
  const build = (...flags: string[]): string[] => [
    ...['sh', '-c', `exec "$@" > ${json}`, 'sh'],
    ...['bin/mailhub-tables', 'build', '--json', '--config', config, ...flags],
  ];

  const rows: (string | number)[][] = [];
  const show = (name: string, command: string[]): void => {
    const { seconds, cpuSeconds, residentMegabytes } = measure(command);
    const [directory] = JSON.parse(readFileSync(json, 'utf8')).directories;
    const { requests, entries, milliseconds } = directory.servers[0];
    const times = [seconds, milliseconds / 1000, cpuSeconds];
    rows.push([name, directory.mode, requests, entries, ...times, Math.round(residentMegabytes)]);
  };
  show('the first hour', build());
  for (let run = 0; run < runs; run++) show('an unchanged hour', build());
  for (let run = 0; run < runs; run++) {
    change(String(url), run);
    show(`${CHANGES} changed objects`, build());
  }
  show('everything again', build('--full'));
  report({
    name: 'delta',
    title: `Hours of ${recipients} recipients with five addresses each, two tables, from the fixture LDAP server`,
    command: 'npx tsx bench/delta/main.ts',
    columns: [
      'run',
      'asked for',
      'requests',
      'entries',
      's',
      'with the server, s',
      'processor s',
      'resident MB',
    ],
    rows,
    notes: [
      'Single runs of the whole process, one after the other. The entries of an unchanged hour are what the server says of itself;',
      'a changed object is told of once and read once. Half of the changed objects are in either table.',
    ],
  });
} finally {
  server.kill('SIGTERM');
  await once(server, 'exit');
  rmSync(work, { recursive: true, force: true });
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

function configuration(url: string): string {
  return `
tables_dir = "${work}/etc"
state_dir = "${work}/state"
format = "bdb"
[directory.ad]
urls = ["${url}"]
base = "${base}"
bind_dn = "${serviceAccount}"
password_file = "${work}/secret"
allow_plaintext = true
[[tables.exch_table.sources]]
directory = "ad"
filter = "(&(proxyAddresses=*)(homeMDB=*))"
key = "{address}"
value = "{primary}"
[[tables.o365_table.sources]]
directory = "ad"
filter = "(&(proxyAddresses=*)(targetAddress=*)(msExchRecipientTypeDetails=2147483648))"
key = "{address}"
value = "{targetAddress}"
`;
}
