import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { bundlePrograms } from '../../scripts/bundle.mjs';

const root = join(import.meta.dirname, '../..');

export interface Outcome {
  /** Undefined when a signal ended it. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  /** A command, with its arguments, that starts the program: `['setpriv', '--reuid=65534']`. */
  readonly under?: readonly string[];
  /** Of Node. */
  readonly flags?: readonly string[];
  /** A module that Node loads first. */
  readonly preload?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The command `mailhub-tables` of this source tree, bundled into a folder of its own that every user can read. */
export class Program {
  #folder = '';

  private constructor() {}

  /** For the tests of one file: it is there before the first of them, and gone after the last. */
  static forFile(): Program {
    const program = new Program();
    beforeAll(() => program.#install());
    afterAll(() => rmSync(program.#folder, { recursive: true, force: true }));
    return program;
  }

  async #install(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'mailhub-program-'));
    this.#folder = folder;
    chmodSync(folder, 0o755);
    await bundlePrograms(join(folder, 'dist'));
    cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
    for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path']) {
      const from = join(root, 'node_modules', name);
      const unused = [join(from, 'deps'), join(from, 'src'), join(from, 'build/Release/obj')];
      cpSync(from, join(folder, 'node_modules', name), {
        recursive: true,
        filter: (path) => !unused.some((prefix) => path.startsWith(prefix)),
      });
    }
  }

  get #command(): string {
    return join(this.#folder, 'bin/mailhub-tables');
  }

  /** What a shell is given to run it; no argument may need quotes. */
  line(...args: readonly string[]): string {
    return [process.execPath, this.#command, ...args].join(' ');
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const child = this.start(args, options);
    child.stdin?.end(options.input ?? '');
    return outcomeOf(child);
  }

  /** Starts a run for a caller that wants to do something while it lasts. */
  start(
    args: readonly string[],
    { under = [], flags = [], preload, environment }: RunOptions = {},
  ): ChildProcess {
    const node = [process.execPath, ...flags, ...(preload === undefined ? [] : ['--import', preload])];
    const [command = '', ...rest] = [...under, ...node, this.#command, ...args];
    return spawn(command, rest, { env: { ...process.env, ...environment } });
  }
}

export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin?.on('error', () => {}); // It left without reading: its status tells.
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return {
    status: status ?? undefined,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
}
