import { closeSync, openSync, readSync } from 'node:fs';
import { bdb } from './bdb/bdb.ts';
import { isBerkeleyDb } from './bdb/meta.ts';
import { DbmError } from './error.ts';
import type { DbmFile, Format, FormatName, OpenOptions } from './format.ts';

export { DbmError } from './error.ts';
export type { DbmFile, Format, FormatName, Limits, OpenOptions, Statistics, WriteOptions } from './format.ts';
export type { Pairs } from './pairs.ts';

export const formats: Readonly<Record<FormatName, Format>> = { bdb };

/** As many of a file's first bytes as any format needs to be known by. */
const HEAD_SIZE = 512;

/**
 * Opens a table file of any format, found by its first bytes.
 *
 * @throws DbmError when the file can't be read or is of no format that we know
 */
export function openTable(path: string, options: OpenOptions = {}): DbmFile {
  const head = readHead(path);
  if (isBerkeleyDb(head)) return formats.bdb.open(path, options);
  throw new DbmError(path, head.length === 0 ? 'an empty file' : 'not a table file of any known format');
}

function readHead(path: string): Uint8Array {
  const head = new Uint8Array(HEAD_SIZE);
  try {
    const descriptor = openSync(path, 'r');
    try {
      return head.subarray(0, readSync(descriptor, head, 0, HEAD_SIZE, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DbmError(path, `cannot read it: ${reason}`, { cause });
  }
}
