import { fstatSync } from 'node:fs';
import { DbmError } from '../../dbm/error.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { SecondThread } from '../../dbm/second-thread/second-thread.ts';
import { isSpace } from '../../tables/columns/bytes.ts';
import { type DatFault, DatReader } from '../../tables/dat/read.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { type Unique, withoutDuplicates } from './duplicates.ts';
import { Input } from './input.ts';
import { Output } from './output.ts';
import { strerror } from './strerror.ts';

export interface Outcome {
  readonly status: 0 | 1 | 2;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/**
 * exim_dbmbuild (Exim's manual, "Exim utilities"): makes a Berkeley DB file from a text. Status, output and stored pairs are
 * exim_dbmbuild's; docs/dbmbuild.md lists where they are not.
 */
export async function dbmbuild(argv: readonly string[]): Promise<Outcome> {
  const run = new Run();
  const status = await run.run(argv);
  return { status, stdout: Buffer.concat(run.stdout), stderr: Buffer.concat(run.stderr) };
}

/** Bytes of the output's path. */
const LONGEST_TABLE_NAME = 492;

/** What could be used of the input, and why no more of it. */
interface Text {
  readonly pairs: Pairs;
  readonly fatal: FatalKind | undefined;
}

type FatalKind = Exclude<DatFault['kind'], 'stray-continuation'>;

const COMPLAINTS: Readonly<Record<FatalKind, string>> = {
  'long-line': 'Overlong line read: max permitted length is 19999\n',
  'long-key': 'Keys longer than 255 characters cannot be handled\n',
  'long-value': 'Continued set of lines is too long: max permitted length is 99999\n',
};

class Run {
  readonly stdout: Buffer[] = [];
  readonly stderr: Buffer[] = [];
  #second: SecondThread | undefined;

  async run(argv: readonly string[]): Promise<Outcome['status']> {
    const chosen = parseArguments(argv);
    if (chosen === undefined)
      return this.#refuse('usage: exim_dbmbuild [-nolc] <source file> <dbm base name>');
    const { source, table } = chosen;
    let input: Input;
    try {
      input = new Input(source);
    } catch (error) {
      return this.#refuse(`exim_dbmbuild: unable to open ${source}: ${strerror(error)}`);
    }
    try {
      const output = new Output(table);
      if (source === table || output.replaces(fstatSync(input.descriptor))) {
        return this.#refuse('exim_dbmbuild: input and output filenames are the same');
      }
      if (Buffer.byteLength(table) > LONGEST_TABLE_NAME) {
        return this.#refuse('exim_dbmbuild: output filename is ridiculously long');
      }
      try {
        output.probe();
      } catch (error) {
        return this.#refuse(`exim_dbmbuild: unable to create ${table}.dbmbuild_temp: ${strerror(error)}`);
      }
      return await this.#build(chosen, input, output);
    } finally {
      this.#second?.end();
      input.close();
    }
  }

  async #build(chosen: Arguments, input: Input, output: Output): Promise<Outcome['status']> {
    this.#second = SecondThread.startFor(fstatSync(input.descriptor).size);
    let text: Text;
    try {
      text = await this.#read(input, chosen);
    } catch (error) {
      this.#complain(`unable to read ${chosen.source}: ${strerror(error)}`);
      return this.#abandon();
    }
    const { pairs, fatal } = text;
    if (fatal !== undefined) {
      this.#warn(pairs, withoutDuplicates(pairs, 'first').duplicates, chosen);
      this.#print(COMPLAINTS[fatal]);
      return this.#abandon();
    }
    return await this.#write(pairs, chosen, output);
  }

  /** Reads up to the first fault that makes exim_dbmbuild give up. @throws the operating system's error */
  async #read(input: Input, { lowerCaseKeys }: Arguments): Promise<Text> {
    let reader = new DatReader(0);
    const fatal: FatalKind[] = [];
    let pending = false;
    const onFault = ({ kind, start, end }: DatFault): boolean => {
      const bytes = Buffer.from(reader.bytes.subarray(start, end));
      if (kind === 'stray-continuation') {
        this.#print('Unexpected continuation line ignored\n', bytes, '\n\n');
        return true;
      }
      fatal.push(kind);
      pending = kind === 'long-line' && !isSpace(bytes[0]);
      return false;
    };
    const room = (size: number): Uint8Array => {
      reader = new DatReader(size, { lowerCaseKeys, onFault });
      return reader.bytes;
    };
    for await (const filled of input.read(room)) if (!reader.read(filled)) break;
    const pairs = reader.finish();
    // exim_dbmbuild stores an entry only when the next one begins, so that a line that is too long keeps it out.
    const count = Math.max(0, pairs.count - (pending ? 1 : 0));
    return { pairs: { ...pairs, count }, fatal: fatal[0] };
  }

  async #write(pairs: Pairs, chosen: Arguments, output: Output): Promise<Outcome['status']> {
    const { table } = chosen;
    let unique: Unique;
    try {
      unique = await this.#store(pairs, chosen, output);
    } catch (error) {
      if (!(error instanceof DbmError)) throw error;
      const reason = error.cause instanceof Error ? strerror(error.cause) : error.message;
      this.#complain(`unable to write ${table}: ${reason}`);
      return this.#abandon();
    }
    const { count } = unique.pairs;
    const repeated = unique.duplicates.length;
    this.#print(`${count} entr${count === 1 ? 'y' : 'ies'} written\n`);
    if (repeated > 0) this.#print(`${repeated} duplicate key${repeated > 1 ? 's' : ''} \n`);
    try {
      output.publish();
    } catch {
      output.discard();
      return this.#refuse(`Unable to rename ${table}.dbmbuild_temp as ${table}`);
    }
    return repeated > 0 && chosen.duplicatesAreErrors ? 1 : 0;
  }

  /** Duplicates are looked for only when the writer met one: nearly every table has none. */
  async #store(pairs: Pairs, chosen: Arguments, output: Output): Promise<Unique> {
    try {
      await output.write(pairs, chosen.terminated, this.#second);
      return { pairs, duplicates: [] };
    } catch (error) {
      const unique = withoutDuplicates(pairs, chosen.keep);
      if (unique.duplicates.length === 0) throw error;
      this.#warn(pairs, unique.duplicates, chosen);
      await output.write(unique.pairs, chosen.terminated, this.#second);
      return unique;
    }
  }

  #warn(pairs: Pairs, duplicates: readonly number[], { warn }: Arguments): void {
    if (!warn) return;
    for (const entry of duplicates) {
      const key = Buffer.from(pairs.pool.subarray(pairs.keyStart[entry], pairs.keyEnd[entry]));
      const nul = key.indexOf(0);
      this.stderr.push(
        Buffer.from('** Duplicate key "'),
        nul < 0 ? key : key.subarray(0, nul),
        Buffer.from('"\n'),
      );
    }
  }

  /** Says what exim_dbmbuild never says. */
  #complain(message: string): void {
    this.stderr.push(Buffer.from(`mailhub-dbmbuild: ${message}\n`));
  }

  #refuse(message: string): 1 {
    this.#print(`${message}\n`);
    return 1;
  }

  #abandon(): 2 {
    this.#print('dbmbuild abandoned\n');
    return 2;
  }

  #print(...parts: (string | Buffer)[]): void {
    for (const part of parts) this.stdout.push(typeof part === 'string' ? Buffer.from(part) : part);
  }
}
