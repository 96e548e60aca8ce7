import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../support.ts';

const PACKAGES = ['exim4-daemon-heavy', 'libmariadb3', 'libspf2-2'];
const CACHE = join(import.meta.dirname, '../../../.cache');

/** An Exim with `sqlite` lookups: a program and the environment that it needs. */
export interface Exim {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

/** This machine's own, if it has them; else Debian's, unpacked into .cache: installed, it would drive the other one out. */
export function eximWithSqlite(): Exim {
  if (/^Lookups .*\bsqlite\b/m.test(run('exim4', ['-bV']).toString()))
    return { program: 'exim4', env: process.env };
  const folder = join(CACHE, 'exim4-daemon-heavy');
  if (!existsSync(folder)) unpack(folder);
  const lib = join(folder, 'usr/lib');
  const machine = readdirSync(lib).filter((name) => name.endsWith('-linux-gnu'));
  const libraries = [lib, ...machine.map((name) => join(lib, name))].join(':');
  return { program: join(folder, 'usr/sbin/exim4'), env: { ...process.env, LD_LIBRARY_PATH: libraries } };
}

function unpack(folder: string): void {
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  execFileSync('apt-get', ['download', '-q', ...PACKAGES], { cwd: unfinished, stdio: 'ignore' });
  for (const name of readdirSync(unfinished)) {
    run('dpkg', ['-x', join(unfinished, name), unfinished]);
    rmSync(join(unfinished, name));
  }
  renameSync(unfinished, folder);
}

/** What Exim makes of each expansion, one a line. */
export function expand({ program, env }: Exim, config: string, expansions: readonly string[]): string[] {
  const output = execFileSync(program, ['-C', config, '-be'], {
    env,
    input: expansions.map((expansion) => `${expansion}\n`).join(''),
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return output
    .toString()
    .split('\n')
    .slice(0, expansions.length)
    .map((line) => line.replace(/^> /, ''));
}
