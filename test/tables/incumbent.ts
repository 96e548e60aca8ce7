import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Outcome {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** What the file holds, keys and values in hexadecimal without their NUL, sorted; undefined without a file. */
  readonly pairs: string[] | undefined;
}

/** The real exim_dbmbuild and db_dump, in a temporary directory of their own. */
export class Incumbent {
  readonly directory = mkdtempSync(join(tmpdir(), 'mailhub-dat-test-'));

  build(text: Uint8Array, options: readonly string[] = []): Outcome {
    const source = join(this.directory, 'source');
    const table = join(this.directory, 'table');
    rmSync(table, { force: true });
    writeFileSync(source, text);
    const { status, stdout, stderr } = spawnSync('/usr/sbin/exim_dbmbuild', [...options, source, table], {
      maxBuffer: 1e9,
    });
    if (status === null) throw new Error('exim_dbmbuild was killed');
    const terminated = !options.includes('-nozero');
    return { status, stdout, stderr, pairs: status === 2 ? undefined : dump(table, terminated) };
  }

  close(): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** `key value` in hexadecimal, sorted. @param terminated the file stores a NUL after each, which is left out */
export function dump(path: string, terminated = true): string[] {
  const text = execFileSync('db_dump', [path], { encoding: 'latin1', maxBuffer: 1e9 });
  const lines = text.slice(text.indexOf('HEADER=END\n') + 11, text.lastIndexOf('DATA=END')).split('\n');
  const plain = terminated ? (line: string) => line.slice(1, -2) : (line: string) => line.slice(1);
  const pairs: string[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) pairs.push(`${plain(lines[i])} ${plain(lines[i + 1])}`);
  return pairs.sort();
}
