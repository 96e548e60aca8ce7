import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { manager, managerPassword, suffix } from '../../test/ldap/slapd.ts';
import { startDirectory } from './directory.ts';

const recipients = Number(process.argv[2] ?? 200_000);
const rounds = Number(process.argv[3] ?? 5);

const folder = mkdtempSync(join(tmpdir(), 'bench-ldap-'));
const slapd = await startDirectory(recipients);
try {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, managerPassword, { mode: 0o600 });
  const program = join(folder, 'extract.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'extract-once.ts')],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
  });
  const ours = [process.execPath, program, slapd.url, manager, passwordFile, suffix];
  const theirs = [
    ...['ldapsearch', '-x', '-LLL', '-H', slapd.url, '-D', manager, '-y', passwordFile, '-b', suffix],
    ...[
      '-E',
      'pr=1000/noprompt',
      '(|(homeMDB=*)(targetAddress=*))',
      'proxyAddresses',
      'homeMDB',
      'targetAddress',
    ],
  ];
  const ratios: number[] = [];
  await time(theirs);
  for (let round = 1; round <= rounds; round++) {
    const reference = await time(theirs);
    const measured = await time(ours);
    ratios.push(measured.seconds / reference.seconds);
    console.log(
      `round ${round}: ldapsearch ${reference.seconds.toFixed(2)} s, extraction ${measured.seconds.toFixed(2)} s, ` +
        `ratio ${(measured.seconds / reference.seconds).toFixed(2)}; ${measured.printed.trim()}`,
    );
  }
  ratios.sort((a, b) => a - b);
  console.log(`median ratio ${ratios[ratios.length >> 1]?.toFixed(2)}`);
} finally {
  await slapd.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Runs a program to its end, its output to a file, and returns what it printed last. */
function time([program = '', ...args]: readonly string[]): Promise<{ seconds: number; printed: string }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn('/bin/sh', ['-c', 'exec "$0" "$@" > "$OUT"', program, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, OUT: join(folder, 'printed') },
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      const seconds = (performance.now() - started) / 1000;
      if (code !== 0) reject(new Error(`${program} ended with status ${code}`));
      else resolve({ seconds, printed: tail(join(folder, 'printed')) });
    });
  });
}

function tail(path: string): string {
  return readFileSync(path).subarray(-500).toString('utf8');
}
