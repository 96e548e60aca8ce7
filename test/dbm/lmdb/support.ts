import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { formats, openTable } from '../../../src/dbm/index.ts';
import type { TestedFormat } from '../every-format/tested-format.ts';
import { type Entry, hexLines, pairsOf, run } from '../support.ts';

/** Compiles client.c against the system's liblmdb. Returns the program's path. */
export function compileClient(directory: string): string {
  const program = join(directory, 'client');
  run('gcc', ['-O', '-o', program, join(import.meta.dirname, 'client.c'), '-llmdb']);
  return program;
}

/** What `mdb_dump` shows, as `hexLines` would. @throws with what it says when it fails */
export function dumped(path: string): string[] {
  const lines = run('mdb_dump', ['-n', path]).toString('latin1').split('\n');
  const data = lines.slice(lines.indexOf('HEADER=END') + 1, lines.indexOf('DATA=END'));
  return Array.from(
    { length: data.length / 2 },
    (_, i) => `${data[2 * i]?.slice(1)} ${data[2 * i + 1]?.slice(1)}`,
  );
}

/** The figures of `mdb_stat`, by its names. */
export function stat(path: string): Record<string, number> {
  const lines = run('mdb_stat', ['-en', path]).toString().split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const match = /^ {2}(.*): (\d+)$/.exec(line);
      return match === null ? [] : [[match[1] ?? '', Number(match[2])]];
    }),
  );
}

/** The keys of `lines`, which are as `hexLines` gives them, that liblmdb does not find with their value. */
export function notFound(client: string, path: string, lines: readonly string[]): string[] {
  const keys = lines.map((line) => `${line.split(' ')[0]}\n`).join('');
  const [, ...answers] = run(client, ['get', path], keys).toString().split('\n');
  return lines.filter((line, i) => answers[i] !== line.split(' ')[1]);
}

/** Has `mdb_load` make a file, as it does from the dump of another one. */
export function loadedWith(path: string, entries: readonly Entry[]): void {
  const items = entries.flat().map((item) => ` ${Buffer.from(item).toString('hex')}\n`);
  const header = 'VERSION=3\nformat=bytevalue\ntype=btree\nmapsize=268435456\nHEADER=END\n';
  run('mdb_load', ['-n', path], `${header}${items.join('')}DATA=END\n`);
}

/** Fails the test unless liblmdb finds `stored` in the file. */
export function held(client: string, path: string, stored: readonly string[]): void {
  expect(dumped(path)).toEqual(stored);
  expect(notFound(client, path, stored)).toEqual([]);
}

export function testedWith(client: string): TestedFormat {
  return {
    format: formats.lmdb,
    reader: 'liblmdb',
    terminated: false,
    counts: [0, 1, 2, 3, 1000, 200_000],
    lengths: [
      0, 1, 2, 3, 2028, 2029, 2030, 2031, 2032, 4079, 4080, 4081, 8175, 8176, 8177, 99_999, 3_000_000,
    ],
    finds: ({ path, stored, entries }) => {
      held(client, path, stored);
      sameFigures(path, entries.length);
    },
  };
}

/** Fails the test unless mdb_stat counts what our statistics do, in a file of one transaction. */
function sameFigures(path: string, entries: number): void {
  const file = openTable(path);
  const { detail } = file.statistics();
  file.close();
  expect(stat(path)).toMatchObject({
    Entries: entries,
    'Tree depth': detail['tree depth'],
    'Branch pages': detail['branch pages'],
    'Leaf pages': detail['leaf pages'],
    'Overflow pages': detail['overflow pages'],
    'Number of pages used': detail['pages used'],
    'Map size': detail['map size'],
    'Page size': 4096,
    'Last transaction ID': 1,
  });
}

/** One step of a client that writes: puts, deletions (entries without a value), and a commit at its end. */
export type Step = readonly (Entry | readonly [key: string])[];

export function writtenBy(client: string, path: string, steps: readonly Step[]): void {
  const hex = (item: Uint8Array | string) => Buffer.from(item).toString('hex');
  const input = steps
    .map((step) => step.map((items) => `${items.map(hex).join(' ')}\n`).join(''))
    .join('.\n');
  run(client, ['put', path], input);
}

/** A process that has a file open as Exim has it, in one read transaction. */
export class Reader {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(client: string, path: string) {
    this.#child = spawn(client, ['get', path]);
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  static async open(client: string, path: string): Promise<Reader> {
    const reader = new Reader(client, path);
    if ((await reader.#lines.next()).value !== 'open') throw new Error(`the client can't open ${path}`);
    return reader;
  }

  /** The entries that it does not find with their value. */
  async notFound(entries: readonly Entry[]): Promise<string[]> {
    const wrong: string[] = [];
    for (const line of hexLines(pairsOf(entries))) {
      const [key, value] = line.split(' ');
      this.#child.stdin.write(`${key}\n`);
      if ((await this.#lines.next()).value !== value) wrong.push(line);
    }
    return wrong;
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#end();
  }

  /** Ends the process before it can leave the file. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#end();
  }

  async #end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await new Promise((resolve) => this.#child.on('close', resolve));
  }
}
