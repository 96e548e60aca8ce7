import { bdb } from './bdb/bdb.ts';
import { isBerkeleyDb } from './bdb/meta.ts';
import { cdb } from './cdb/cdb.ts';
import { readHeader } from './cdb/header.ts';
import { DbmError } from './error.ts';
import type { DbmFile, Format, FormatName, OpenOptions } from './format.ts';
import { gdbm } from './gdbm/gdbm.ts';
import { isGdbm } from './gdbm/header.ts';
import { Input } from './input.ts';
import { lmdb } from './lmdb/lmdb.ts';
import { isLmdb } from './lmdb/meta.ts';
import { isSqlite } from './sqlite/first-page.ts';
import { sqlite } from './sqlite/sqlite.ts';
import { isTdb } from './tdb/header.ts';
import { tdb } from './tdb/tdb.ts';

export { DbmError } from './error.ts';
export type { DbmFile, Format, FormatName, Limits, OpenOptions, Statistics, WriteOptions } from './format.ts';
export type { Pairs } from './pairs.ts';

export const formats: Readonly<Record<FormatName, Format>> = { bdb, cdb, gdbm, lmdb, sqlite, tdb };

/**
 * A format as the `dbm` lookup of an Exim reads it that was built with the format's library: under the table's own name,
 * where another lookup for the same format, as `sqlite`, has a suffix.
 */
export function behindDbm(name: FormatName): Format {
  return { ...formats[name], suffix: '' };
}

/** As many of a file's first bytes as any format needs to be known by. */
const HEAD_SIZE = 2048;

/**
 * Opens a table file of any format, found by its first bytes.
 *
 * @throws DbmError when the file can't be read or is of no format that we know
 */
export function openTable(path: string, options: OpenOptions = {}): DbmFile {
  return formats[formatOf(path)].open(path, options);
}

function formatOf(path: string): FormatName {
  const input = new Input(path);
  try {
    const head = input.bytes(0, HEAD_SIZE);
    if (isBerkeleyDb(head)) return 'bdb';
    if (isGdbm(head)) return 'gdbm';
    if (isTdb(head)) return 'tdb';
    if (isLmdb(head)) return 'lmdb';
    if (isSqlite(head)) return 'sqlite';
    if (readHeader(head, input.size) !== undefined) return 'cdb';
    throw new DbmError(path, input.size === 0 ? 'an empty file' : 'not a table file of any known format');
  } finally {
    input.close();
  }
}
