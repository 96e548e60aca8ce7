import { type BigIntStats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Format } from '../../dbm/format.ts';

/** The files of one table on a hub. */
export interface TableFiles {
  readonly dir: string;
  /** The published entries as text. */
  readonly dat: string;
  /** The latest candidate that was not published. */
  readonly candidate: string;
  /** What Exim looks up, one file a format. */
  readonly dbm: readonly { readonly path: string; readonly format: Format }[];
}

export function tableFiles(dir: string, name: string, formats: readonly Format[]): TableFiles {
  return {
    dir,
    dat: join(dir, `${name}.dat`),
    candidate: join(dir, `${name}_tmp.dat`),
    dbm: formats.map((format) => ({ path: join(dir, name + format.suffix), format })),
  };
}

/**
 * What tells, without reading a file, that nobody wrote to it: inode, size and both times, in nanoseconds. Of a symbolic
 * link it is the file behind it that counts.
 *
 * @returns undefined when there is no such file
 */
export function stampOf(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (status === undefined) return undefined;
  return stampText(status);
}

function stampText({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

/** Changes within this time may leave no trace in a file's times: some file systems count in seconds. In nanoseconds. */
const UNSETTLED = 2_000_000_000n;

/**
 * A file's stamp, as long as it vouches for its content: undefined when there is no such file, and when it was changed so
 * recently that it could be changed again under the same stamp.
 */
export function settledStampOf(path: string): string | undefined {
  const now = BigInt(Date.now()) * 1_000_000n;
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  // Nobody can set the time of change, only that of modification.
  if (status === undefined || status.ctimeNs > now - UNSETTLED) return undefined;
  return stampText(status);
}

/**
 * The stamps of a table's published files that are there, by path. A dbm file's names its format too: when Exim's library
 * changes, nothing is as it was recorded.
 */
export function stampsOf(files: TableFiles): Record<string, string> {
  const stamps: Record<string, string> = {};
  const dat = stampOf(files.dat);
  if (dat !== undefined) stamps[files.dat] = dat;
  for (const { path, format } of files.dbm) {
    const stamp = stampOf(path);
    if (stamp !== undefined) stamps[path] = `${format.name}:${stamp}`;
  }
  return stamps;
}

/** A table's files as they were found. */
export interface FilesBefore {
  /** SHA-256 of the `.dat`. */
  readonly digest: string;
  /** The sum of its blocks (`TextSum`), where it is known. */
  readonly sum: bigint | undefined;
  readonly stamps: Readonly<Record<string, string>>;
}

/** Whether the files are those still that were found. */
export function areStill(files: TableFiles, { stamps }: FilesBefore): boolean {
  const now = stampsOf(files);
  const names = Object.keys(now);
  return names.length === Object.keys(stamps).length && names.every((name) => now[name] === stamps[name]);
}
