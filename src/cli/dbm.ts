import { rename, rm } from 'node:fs/promises';
import type { DbmFile, FormatName } from '../dbm/format.ts';
import { formats, openTable } from '../dbm/index.ts';
import type { Pairs } from '../dbm/pairs.ts';
import { SecondThread } from '../dbm/second-thread/second-thread.ts';
import { printable } from '../tables/columns/bytes.ts';
import { merge } from '../tables/columns/merge.ts';
import { pick } from '../tables/columns/pick.ts';
import { unrepresentable } from '../tables/dat/unrepresentable.ts';
import { readWhole } from '../tables/publish/read-file.ts';
import { readDatEntries, readDatFile } from '../tables/sources/file.ts';
import { Status } from './status.ts';

/** `mailhub-tables dbm build`: a table file from a `.dat`. @returns the exit status */
export async function buildTableFile(path: string, source: string, format: FormatName): Promise<number> {
  const { pairs, rejections } = source === '-' ? readDatEntries(readWhole(0)) : readDatFile(source);
  const second = formats[format].isShared ? SecondThread.startFor(pairs.pool.length) : undefined;
  try {
    for (const { place, value, reason } of rejections.examples)
      report(source, `${place}: ${value}: ${reason}`);
    await writeTableFile(path, source, pairs, format, second);
  } finally {
    // The program does not end before a thread that nobody has told to.
    second?.end();
  }
  return rejections.count > 0 ? Status.error : Status.ok;
}

async function writeTableFile(
  path: string,
  source: string,
  pairs: Pairs,
  format: FormatName,
  second: SecondThread | undefined,
): Promise<void> {
  const { table, conflicts } = merge([{ source, pairs }]);
  for (const { key, kept, dropped } of conflicts.examples) {
    report(source, `${key} is there twice: kept ${kept.value}, not ${dropped.value}`);
  }
  const temporary = `${path}.mailhub-new`;
  await rm(temporary, { force: true });
  await formats[format].write(temporary, table, { readBack: true, second });
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  process.stdout.write(`${path}: ${table.count} entries written as ${format}\n`);
}

/** `mailhub-tables dbm dump`: the text of a `.dat` that builds the same table again. @returns the exit status */
export function dumpTableFile(path: string): number {
  return withFile(path, (file) => {
    const { table } = merge([{ source: path, pairs: withoutUnrepresentable(path, file) }]);
    for (const block of table.text()) process.stdout.write(Buffer.from(block));
    return table.count === file.statistics().entries ? Status.ok : Status.error;
  });
}

/** `mailhub-tables dbm get`: the values of keys, as they are given. @returns the exit status */
export function getFromTableFile(path: string, keys: readonly string[]): number {
  return withFile(path, (file) => {
    let status: number = Status.ok;
    for (const key of keys) {
      const value = file.get(Buffer.from(key));
      if (value === undefined) status = Status.notFound;
      const answer = value === undefined ? 'not found' : printable(value);
      process.stdout.write(keys.length === 1 ? `${answer}\n` : `${key}: ${answer}\n`);
    }
    return status;
  });
}

/** `mailhub-tables dbm verify`: whether a file is sound. @returns the exit status @throws DbmError with the first fault */
export function verifyTableFile(path: string): number {
  return withFile(path, (file) => {
    file.verify();
    const { entries, bytes, detail } = file.statistics();
    const figures = Object.entries(detail).map(([name, figure]) => `, ${figure} ${name}`);
    process.stdout.write(
      `${path}: a sound ${file.format} file, ${entries} entries, ${bytes} bytes${figures.join('')}\n`,
    );
    return Status.ok;
  });
}

/** The entries of a file that have a line in a `.dat`; names the others. */
function withoutUnrepresentable(path: string, file: DbmFile): Pairs {
  const pairs = file.pairs();
  const { pool, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  const kept: number[] = [];
  for (let i = 0; i < pairs.count; i++) {
    const reason =
      unrepresentable(pool, keyStart[i], keyEnd[i], pool, valueStart[i], valueEnd[i]) ??
      (hasCapitals(pool, keyStart[i], keyEnd[i]) ? 'the key has capital letters' : undefined);
    if (reason === undefined) kept.push(i);
    else report(path, `${printable(pool, keyStart[i], keyEnd[i])}: no line in a .dat builds it: ${reason}`);
  }
  return pick(pairs, Uint32Array.from(kept));
}

function hasCapitals(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] >= 0x41 && bytes[at] <= 0x5a) return true;
  return false;
}

function withFile<T>(path: string, use: (file: DbmFile) => T): T {
  const file = openTable(path);
  try {
    return use(file);
  } finally {
    file.close();
  }
}

function report(path: string, message: string): void {
  process.stderr.write(`${path}: ${message}\n`);
}
