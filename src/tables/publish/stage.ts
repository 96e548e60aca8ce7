import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  type Stats,
} from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DbmError } from '../../dbm/error.ts';
import type { Change, Format, Prepared } from '../../dbm/format.ts';
import { fileDigest } from '../columns/digest.ts';
import type { Measure, Table } from '../columns/table.ts';
import { type OldText, patchText } from '../dat/patch.ts';
import { directoryInTheWay, PublishError, systemReason } from '../error.ts';
import type { Stopwatch } from '../threads/stopwatch.ts';
import { areStill, type FilesBefore, type TableFiles } from './files.ts';
import type { PreparedFiles } from './prepare.ts';
import type { ReplacedFiles } from './replaced-files.ts';
import { STAGED_PREFIX, stagedPath } from './staged-path.ts';
import { writeText } from './write-text.ts';

/** What of a table is to be written. */
export interface Parts {
  readonly dat: boolean;
  readonly dbm: boolean;
}

/** What is to be changed in a table's files. */
export interface TableChange extends Change {
  /** The files that have the entries before. */
  readonly before: FilesBefore;
}

export interface Rename {
  readonly from: string;
  readonly to: string;
}

/** What the new text of a table came to. */
interface PatchedDat {
  readonly measure: Measure;
  /** The sum of its blocks. */
  readonly datSum: bigint;
}

/** Files that were made from those that they replace, as data that crosses between threads. */
export interface StagedPatch extends PatchedDat {
  readonly renames: readonly Rename[];
}

/** New files of a table, beside the old ones: whole, verified and on the disk, but not yet seen by anybody. */
export class StagedTable {
  readonly #dir: string;
  /** The `.dat` first: after a crash in between, the dbm files are rebuilt from it. */
  readonly #renames: readonly Rename[];
  /** The sum of the `.dat`'s blocks, of files that were made from those before. */
  readonly datSum: bigint | undefined;

  constructor(dir: string, renames: readonly Rename[], datSum?: bigint) {
    this.#dir = dir;
    this.#renames = renames;
    this.datSum = datSum;
  }

  /** Whether most of the files is what was there before, and only its checksums tell that it is whole. */
  get isPatched(): boolean {
    return this.datSum !== undefined;
  }

  /** Puts the files in place, each in one step. @param replaced keeps what they replace @throws PublishError */
  commit(replaced?: ReplacedFiles): void {
    for (const { from, to } of this.#renames) {
      replaced?.hold(to);
      try {
        renameSync(from, to);
      } catch (error) {
        throw new PublishError(to, `it can't be replaced: ${systemReason(error)}`, { cause: error });
      }
    }
    syncDirectory(this.#dir);
  }

  async discard(): Promise<void> {
    for (const { from } of this.#renames) await rm(from, { force: true });
  }
}

/**
 * Writes a table's files beside their places and reads them back: the `.dat` must give every entry again, and each dbm file
 * must answer every key. Owner, group and mode are those of the file that is to be replaced.
 *
 * @param label tells several stagings of one table apart
 * @param stopwatch hears how long each file took; they wait for one another's turn
 * @returns what puts the files in place, the `.dat` first
 * @throws PublishError, DbmError; nothing is left behind then
 */
export async function stage(
  files: TableFiles,
  table: Table,
  parts: Parts,
  label: string,
  stopwatch: Stopwatch,
): Promise<readonly Rename[]> {
  const renames = renamesOf(files, parts, label);
  const work = [
    ...(parts.dat
      ? [
          stopwatch.timeAsync('.dat', async () => {
            const staged = stagedPath(files.dat, label);
            refuseDirectory(files.dat);
            await writeText(staged, table.text());
            keepAttributes(staged, files.dat);
          }),
        ]
      : []),
    ...(parts.dbm
      ? files.dbm.map(({ path, format }) =>
          stopwatch.timeAsync(format.name, () => writeDbm(table, path, format, label)),
        )
      : []),
  ];
  await settled(work, renames);
  return renames;
}

/**
 * The same files, made from those that they replace, of which not much changes.
 *
 * @param prepared what was prepared with the same label; it is used up, or gone
 * @returns undefined when they can't be made in this way: because a format is always written whole, or the files are not what
 * they are taken for. Nothing is left behind then, nor when it throws
 * @throws PublishError, DbmError
 */
export async function stagePatched(
  files: TableFiles,
  change: TableChange,
  label: string,
  stopwatch: Stopwatch,
  prepared?: PreparedFiles,
): Promise<StagedPatch | undefined> {
  if (files.dbm.some(({ format }) => format.patch === undefined)) return undefined;
  const renames = renamesOf(files, { dat: true, dbm: true }, label);
  const old = { digest: change.before.digest, sum: prepared?.sum ?? change.before.sum };
  let text: PatchedDat | undefined;
  const work = [
    stopwatch.timeAsync('.dat', async () => {
      text = await patchDat(files.dat, old, change, stagedPath(files.dat, label));
      return text !== undefined;
    }),
    ...files.dbm.map(({ path, format }, i) =>
      stopwatch.timeAsync(format.name, () => patchDbm(path, format, change, label, prepared?.copies[i])),
    ),
  ];
  const done = await settled(work, renames);
  // A dbm file that somebody put there meanwhile may be sound, and yet another one.
  const isWhole = !done.includes(false) && areStill(files, change.before);
  if (text !== undefined && isWhole) return { renames, ...text };
  for (const { from } of renames) await rm(from, { force: true });
  return undefined;
}

function renamesOf(files: TableFiles, parts: Parts, label: string): Rename[] {
  const paths = [
    ...(parts.dat ? [files.dat] : []),
    ...(parts.dbm ? files.dbm.flatMap(({ path, format }) => [path, ...companionPaths(path, format)]) : []),
  ];
  return paths.map((to) => ({ from: stagedPath(to, label), to }));
}

/** Waits for all of the work: one waits for the disk while another fills its pages. */
async function settled<T>(work: readonly Promise<T>[], renames: readonly Rename[]): Promise<T[]> {
  try {
    await Promise.allSettled(work);
    return await Promise.all(work);
  } catch (error) {
    for (const { from } of renames) await rm(from, { force: true });
    if (error instanceof DbmError && error.cause !== undefined) {
      throw new PublishError(error.path, systemReason(error.cause), { cause: error });
    }
    throw error;
  }
}

async function patchDat(
  path: string,
  old: OldText,
  change: Change,
  staged: string,
): Promise<PatchedDat | undefined> {
  refuseDirectory(path);
  const text = patchText(path, old, change);
  if (text === undefined) return undefined;
  try {
    const datSum = await writeText(staged, text.blocks());
    const { digest, bytes, isOldAsKnown } = text.outcome();
    if (!isOldAsKnown) return undefined;
    keepAttributes(staged, path);
    return { measure: { digest, bytes }, datSum };
  } finally {
    text.close();
  }
}

async function patchDbm(
  path: string,
  format: Format,
  change: Change,
  label: string,
  copy: Prepared | undefined,
): Promise<boolean> {
  refuseDirectory(path);
  const staged = stagedPath(path, label);
  if (copy === undefined) await rm(staged, { force: true });
  const isPatched = (await format.patch?.(staged, path, change, copy)) === true;
  if (isPatched) keepAttributes(staged, path);
  return isPatched;
}

function companionPaths(path: string, { companion }: Format): string[] {
  return companion === undefined ? [] : [path + companion.suffix];
}

async function writeDbm(table: Table, path: string, format: Format, label: string): Promise<void> {
  refuseDirectory(path);
  const staged = stagedPath(path, label);
  await rm(staged, { force: true });
  await format.write(staged, table.columns(), { readBack: true });
  keepAttributes(staged, path);
  if (format.companion !== undefined) {
    const companion = path + format.companion.suffix;
    const stagedCompanion = stagedPath(companion, label);
    await rm(stagedCompanion, { force: true });
    await format.companion.write(stagedCompanion);
    keepAttributes(stagedCompanion, companion);
  }
}

/** Writes the candidate that is not published, unless the very same is there already. @throws PublishError */
export async function keepCandidate(files: TableFiles, table: Table): Promise<void> {
  if (hasDigest(files.candidate, table.digest)) return;
  refuseDirectory(files.candidate);
  const staged = stagedPath(files.candidate, 'new');
  try {
    await writeText(staged, table.text());
    keepAttributes(staged, files.dat);
    await rename(staged, files.candidate);
  } catch (error) {
    await rm(staged, { force: true });
    if (error instanceof PublishError) throw error;
    throw new PublishError(files.candidate, systemReason(error), { cause: error });
  }
}

/** Removes what a killed run left behind. To be called by the holder of the lock only. */
export async function sweep(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.startsWith(STAGED_PREFIX)) await rm(join(dir, name), { force: true });
  }
}

function keepAttributes(path: string, replaced: string): void {
  const old = statusOf(replaced);
  if (old === undefined || !old.isFile()) return;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const made = fstatSync(descriptor);
    // Each change would have to be waited for once more, until the disk has it.
    if (made.uid === old.uid && made.gid === old.gid && made.mode === old.mode) return;
    if (made.gid !== old.gid) fchownSync(descriptor, made.uid, old.gid);
    if (made.uid !== old.uid) giveAway(descriptor, old);
    fchmodSync(descriptor, old.mode & 0o7777);
    fsyncSync(descriptor);
  } catch (error) {
    throw new PublishError(
      path,
      `group ${old.gid} and mode ${(old.mode & 0o7777).toString(8)} of ${replaced} can't be kept: ${systemReason(error)}`,
      { cause: error },
    );
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Only root may give a file away: without that right the new file is ours. */
function giveAway(descriptor: number, { uid, gid }: Stats): void {
  try {
    fchownSync(descriptor, uid, gid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
  }
}

function refuseDirectory(path: string): void {
  if (statusOf(path)?.isDirectory()) throw directoryInTheWay(path);
}

/** @returns undefined for what is not there, or can't be looked at */
function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function hasDigest(path: string, digest: string): boolean {
  try {
    return fileDigest(path) === digest;
  } catch {
    return false;
  }
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
