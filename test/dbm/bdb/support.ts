import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { formats } from '../../../src/dbm/index.ts';
import type { TestedFormat } from '../every-format/tested-format.ts';
import { notFoundByPerl, run } from '../support.ts';

/** What `db_dump -p` shows, as `hexLines` would: stored bytes, trailing NULs and all. */
export function dumped(path: string): string[] {
  const lines = run('db_dump', ['-p', path]).toString('latin1').split('\n');
  const data = lines.slice(lines.indexOf('HEADER=END') + 1, lines.indexOf('DATA=END'));
  const items = data.map((line) =>
    Buffer.from(
      line
        .slice(1)
        .replace(/\\\\|\\([0-9a-f]{2})/g, (_, hex) =>
          hex === undefined ? '\\' : String.fromCharCode(Number.parseInt(hex, 16)),
        ),
      'latin1',
    ).toString('hex'),
  );
  return Array.from({ length: items.length / 2 }, (_, i) => `${items[2 * i]} ${items[2 * i + 1]}`).sort();
}

/** @throws with what db_verify says when it finds a fault */
export function dbVerify(path: string): void {
  run('db_verify', [path]);
}

/** Whether db_verify finds a fault. It never comes back from some, and those are left out. */
export function dbVerifyNotices(path: string): boolean {
  const { status } = spawnSync('db_verify', ['-q', path], { timeout: 1000, killSignal: 'SIGKILL' });
  return status !== null && status !== 0;
}

/** The keys that libdb's own lookup does not find with the value they have in `lines`, which are as `dumped` gives them. */
export function notFound(path: string, lines: readonly string[]): string[] {
  return notFoundByPerl('DB_File', 'O_RDONLY, 0644, $DB_HASH', path, lines);
}

/** Fails the test unless libdb finds the file whole, and `stored` in it. */
export function held(path: string, stored: readonly string[]): void {
  dbVerify(path);
  expect(dumped(path)).toEqual(stored);
  expect(notFound(path, stored)).toEqual([]);
}

export const tested: TestedFormat = {
  format: formats.bdb,
  reader: 'libdb',
  terminated: true,
  counts: [0, 1, 2, 3, 1000, 200_000],
  lengths: [0, 1, 1022, 1023, 1024, 1025, 4068, 4069, 4070, 4071, 8140, 8141, 99_999],
  finds: ({ path, stored }) => held(path, stored),
};
