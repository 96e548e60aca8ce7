import { spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Exim's lookup types for our files: `dbmnz` finds keys that were stored without a trailing NUL. */
export type LookupType = 'dbm' | 'dbmnz' | 'partial-dbm';

/** What `exim -bt` said of one address: status 0 routed, 2 undeliverable, 1 deferred. */
export interface Verdict {
  readonly status: number;
  readonly text: string;
}

interface Output {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine's real Exim, with a spool and logs of its own in a temporary directory. */
export class Exim {
  readonly #binary: string;
  readonly #directory: string;

  constructor(binary = findExim()) {
    this.#binary = binary;
    this.#directory = mkdtempSync(join(tmpdir(), 'mailhub-exim-'));
    // Started by root, Exim becomes its own user, and writes its logs as that.
    chmodSync(this.#directory, 0o755);
    mkdirSync(join(this.#directory, 'log'));
    chmodSync(join(this.#directory, 'log'), 0o777);
  }

  /**
   * Looks up each key of `tableFile` as Exim itself does, in one process; undefined for a key that is not there.
   * Keys and values are UTF-8.
   *
   * @throws Error when Exim can't read the file
   */
  async lookup(
    tableFile: string,
    keys: readonly string[],
    type: LookupType = 'dbm',
  ): Promise<(string | undefined)[]> {
    const lines = keys.map((key) => inputLine(lookupExpression(tableFile, key, type)));
    const { status, stdout, stderr } = await this.#run(
      [...this.#configuration('expand', ''), '-be'],
      lines.join(''),
    );
    const answers = stdout.split('\n').slice(0, keys.length);
    if (status !== 0 || answers.length < keys.length) {
      throw new Error(`exim -be ended with status ${status} after ${answers.length} answers: ${stderr}`);
    }
    return answers.map((answer, index) => {
      if (answer === '> -') return undefined;
      if (answer.startsWith('> =')) return answer.slice(3);
      throw new Error(`exim -be, key ${keys[index]}: ${answer}`);
    });
  }

  /** Routes `address` by the configuration `text`; `macros` override those that the text defines. */
  async route(
    text: string,
    address: string,
    macros: Readonly<Record<string, string>> = {},
  ): Promise<Verdict> {
    const { status, stdout, stderr } = await this.#run([
      ...this.#configuration('route', text),
      ...definitions(macros),
      '-bt',
      address,
    ]);
    return { status, text: stdout + stderr };
  }

  /** Speaks SMTP with Exim under the configuration `text` as the host `client` would; delivers nothing. Returns the replies. */
  async converse(
    text: string,
    client: string,
    commands: readonly string[],
    macros: Readonly<Record<string, string>> = {},
  ): Promise<string[]> {
    const input = commands.map((command) => `${command}\r\n`).join('');
    const { stdout } = await this.#run(
      [...this.#configuration('route', text), ...definitions(macros), '-bh', client],
      input,
    );
    return stdout.split(/\r?\n/).filter((line) => /^\d{3}[ -]/.test(line));
  }

  /** The line of `exim -bV` that names the library behind the `dbm` lookup. */
  async dbmLibrary(): Promise<string> {
    const { stdout } = await this.#run([...this.#configuration('version', ''), '-bV']);
    const line = /^ *(?:Berkeley DB: |Using (?:tdb|sqlite3)|Probably ).*$/m.exec(stdout);
    if (line === null) throw new Error(`exim -bV names no dbm library:\n${stdout}`);
    return line[0].trim();
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #configuration(name: string, text: string): string[] {
    const file = join(this.#directory, `${name}.conf`);
    const own = `spool_directory = ${this.#directory}/spool\nlog_file_path = ${this.#directory}/log/%s\n`;
    writeFileSync(file, own + text);
    return ['-C', file];
  }

  #run(args: readonly string[], input = ''): Promise<Output> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#binary, args, { cwd: this.#directory });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.stdin.on('error', () => {}); // Exim left before it had read everything: its status tells.
      child.on('error', reject);
      child.on('close', (code, signal) => {
        if (code === null) return reject(new Error(`${this.#binary} ${args.join(' ')}: ${signal}`));
        resolve({
          status: code,
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        });
      });
      child.stdin.end(input);
    });
  }
}

/** @throws Error when this machine has no Exim */
export function findExim(): string {
  const candidates = ['/usr/sbin/exim4', '/usr/sbin/exim', '/usr/exim/bin/exim'];
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // The next one.
    }
  }
  throw new Error(`No Exim on this machine: looked for ${candidates.join(', ')}`);
}

function definitions(macros: Readonly<Record<string, string>>): string[] {
  return Object.entries(macros).map(([name, value]) => `-D${name}=${value}`);
}

/** The marks before the answer tell an empty value and a value like `Failed: …` from no value and a failure. */
function lookupExpression(tableFile: string, key: string, type: LookupType): string {
  return `\${lookup{${escaped(key)}}${type}{${escaped(tableFile)}}{=$value}{-}}`;
}

function escaped(text: string): string {
  let result = '';
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    result += /[\w@./:-]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return result;
}

/** Exim reads lines of at most 1,023 bytes; a backslash at the end continues them. */
function inputLine(expression: string): string {
  return `${expression.replace(/.{1000}(?=.)/g, '$&\\\n')}\n`;
}
