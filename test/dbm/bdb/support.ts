import { run } from '../support.ts';

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
