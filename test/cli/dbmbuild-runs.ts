import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { dump } from '../tables/incumbent.ts';

export type Program = 'exim_dbmbuild' | 'mailhub-dbmbuild';
const PROGRAMS = ['exim_dbmbuild', 'mailhub-dbmbuild'] as const;

/** What a run of either program did. */
export interface Run {
  readonly status: number | null;
  /** Latin-1, one character a byte. */
  readonly stdout: string;
  readonly stderr: string;
  /** Keys and values in hexadecimal as they are stored, sorted; undefined when there is no file `table`. */
  readonly stored: string[] | undefined;
}

/** Both programs, each with a directory of its own in which it makes files of the same names. */
export class Rivals {
  readonly #root = mkdtempSync(join(tmpdir(), 'mailhub-dbmbuild-test-'));
  readonly #bundle = join(this.#root, 'dbmbuild.mjs');

  constructor() {
    const bundle = (entryPoint: string, outfile: string, format: 'esm' | 'cjs') =>
      buildSync({
        entryPoints: [entryPoint],
        outfile,
        bundle: true,
        platform: 'node',
        format,
        target: 'node20.19',
      });
    bundle('src/cli/dbmbuild.ts', this.#bundle, 'esm');
    bundle('src/dbm/second-thread/thread.ts', join(this.#root, 'second-thread.cjs'), 'cjs');
    for (const program of PROGRAMS) mkdirSync(this.directory(program));
  }

  /** Where a program runs. */
  directory(program: Program): string {
    return join(this.#root, program);
  }

  path(program: Program, name: string): string {
    return join(this.directory(program), name);
  }

  /** Lets `prepare` lay out both directories, which are empty before. */
  prepare(prepare: (path: (name: string) => string, program: Program) => void): void {
    for (const program of PROGRAMS) {
      rmSync(this.directory(program), { recursive: true });
      mkdirSync(this.directory(program));
      prepare((name) => this.path(program, name), program);
    }
  }

  /** The command line of a program without its arguments. */
  command(program: Program): string[] {
    return program === 'exim_dbmbuild' ? ['/usr/sbin/exim_dbmbuild'] : [process.execPath, this.#bundle];
  }

  /** Runs a program in its directory. @param input its standard input @param wrapper a command that runs it */
  async run(
    program: Program,
    argv: readonly string[],
    input: string | Uint8Array = '',
    wrapper: readonly string[] = [],
  ): Promise<Run> {
    const [command, ...first] = [...wrapper, ...this.command(program), ...argv];
    const child = spawn(command, first, { cwd: this.directory(program) });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (block: Buffer) => stdout.push(block));
    child.stderr.on('data', (block: Buffer) => stderr.push(block));
    child.stdin.on('error', () => {}); // It ended without reading everything: its status tells why.
    child.stdin.end(input);
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    return {
      status,
      stdout: Buffer.concat(stdout).toString('latin1'),
      stderr: Buffer.concat(stderr).toString('latin1'),
      stored: this.stored(program),
    };
  }

  /** What the file `table` of a program holds. */
  stored(program: Program): string[] | undefined {
    const table = this.path(program, 'table');
    return existsSync(table) ? dump(table, false) : undefined;
  }

  /** Runs both programs with the same arguments. */
  async both(argv: readonly string[], input: string | Uint8Array = ''): Promise<{ theirs: Run; ours: Run }> {
    const [theirs, ours] = await Promise.all(PROGRAMS.map((program) => this.run(program, argv, input)));
    return { theirs, ours };
  }

  /** Writes `text` as the file `source` of both programs. */
  source(text: string | Uint8Array): void {
    for (const program of PROGRAMS) writeFileSync(this.path(program, 'source'), text);
  }

  close(): void {
    rmSync(this.#root, { recursive: true });
  }
}
