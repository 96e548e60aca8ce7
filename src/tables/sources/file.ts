import type { Pairs } from '../../dbm/pairs.ts';
import { printable } from '../columns/bytes.ts';
import { inSharedMemory } from '../columns/shared-memory.ts';
import { Tally } from '../columns/tally.ts';
import { type DatFault, DatReader } from '../dat/read.ts';
import { MAX_JOINED_VALUE, MAX_KEY, MAX_LINE } from '../dat/syntax.ts';
import { unrepresentable } from '../dat/unrepresentable.ts';
import { SourceError, systemReason } from '../error.ts';
import { readFileInto } from '../publish/read-file.ts';

/** An entry of a source that can't be in a table. */
export interface Rejection {
  /** Where it stands: a line of a file, a DN of a directory. */
  readonly place: string;
  readonly value: string;
  readonly reason: string;
}

export interface SourceEntries {
  readonly pairs: Pairs;
  readonly rejections: Tally<Rejection>;
}

/** A file in exim_dbmbuild's syntax. @throws SourceError when it can't be read */
export function readDatFile(path: string): SourceEntries {
  const text = new Text();
  let size: number;
  try {
    size = readFileInto(path, (most) => text.room(most));
  } catch (error) {
    throw new SourceError(path, systemReason(error), { cause: error });
  }
  return text.entries(size);
}

/** The entries of a `.dat` in memory; what exim_dbmbuild would refuse is left out. */
export function readDatEntries(bytes: Uint8Array): SourceEntries {
  const text = new Text();
  text.room(bytes.length).set(bytes);
  return text.entries(bytes.length);
}

/** A text that is read where its reader wants to have it. */
class Text {
  readonly #rejections = new Tally<Rejection>();
  #reader = this.#readerOf(0);

  /** For so many bytes at most. */
  room(size: number): Uint8Array {
    this.#reader = this.#readerOf(size);
    return this.#reader.bytes;
  }

  /** Of its first bytes. */
  entries(size: number): SourceEntries {
    this.#reader.read(size);
    const pairs = inSharedMemory(withoutUnrepresentable(this.#reader.finish(), this.#rejections));
    return { pairs, rejections: this.#rejections };
  }

  #readerOf(size: number): DatReader {
    const reader: DatReader = new DatReader(size, {
      onFault: ({ kind, line, start, end }) => {
        this.#rejections.add(() => ({
          place: `line ${line}`,
          value: printable(reader.bytes, start, Math.min(end, start + 80)),
          reason: REASONS[kind],
        }));
        return true;
      },
    });
    return reader;
  }
}

/** Leaves out what fits its own lines but not ours: a key that has to be escaped takes more room. */
function withoutUnrepresentable(pairs: Pairs, rejections: Tally<Rejection>): Pairs {
  const { pool, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  let count = 0;
  for (let i = 0; i < pairs.count; i++) {
    const long = (keyEnd[i] - keyStart[i]) * 4 + valueEnd[i] - valueStart[i] + 4 > MAX_LINE;
    const reason = long && unrepresentable(pool, keyStart[i], keyEnd[i], pool, valueStart[i], valueEnd[i]);
    if (reason) {
      const key = printable(pool, keyStart[i], keyEnd[i]);
      rejections.add(() => ({
        place: `key ${key}`,
        value: printable(pool, valueStart[i], valueStart[i] + 80),
        reason,
      }));
      continue;
    }
    keyStart[count] = keyStart[i];
    keyEnd[count] = keyEnd[i];
    valueStart[count] = valueStart[i];
    valueEnd[count] = valueEnd[i];
    count++;
  }
  return { ...pairs, count };
}

const REASONS: Readonly<Record<DatFault['kind'], string>> = {
  'long-line': `the line is longer than ${MAX_LINE} bytes`,
  'long-key': `the key is longer than ${MAX_KEY} bytes`,
  'long-value': `the joined value is longer than ${MAX_JOINED_VALUE} bytes`,
  'stray-continuation': 'the line begins with white space but continues no entry',
};
