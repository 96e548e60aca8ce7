import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Prepared } from '../../dbm/format.ts';
import { sumAndDigest } from '../dat/text-sum.ts';
import type { Stopwatch } from '../threads/stopwatch.ts';
import { areStill, type FilesBefore, type TableFiles } from './files.ts';
import { stagedPath } from './staged-path.ts';

/** What was done for a table's files before it was known what changes in them, as data that crosses between threads. */
export interface PreparedFiles {
  /** That of the `.dat`: as it was known, or of one that was found to have the digest that it should have. */
  readonly sum: bigint;
  /** Of each dbm file. */
  readonly copies: readonly Prepared[];
}

/**
 * Does what `stagePatched` can do before it is known what changes: copies each dbm file beside its place, and, where
 * the sum of the `.dat` is not known, makes sure that it is what was published.
 *
 * @returns undefined where the files can't be patched; nothing is left behind then, nor when it throws
 * @throws the operating system's error, DbmError
 */
export async function prepareFiles(
  files: TableFiles,
  before: FilesBefore,
  label: string,
  stopwatch: Stopwatch,
): Promise<PreparedFiles | undefined> {
  if (!areStill(files, before)) return undefined;
  const staged = files.dbm.map(({ path }) => stagedPath(path, label));
  let prepared: PreparedFiles | undefined;
  try {
    const copying = files.dbm.map(({ path, format }, i) =>
      stopwatch.timeAsync(format.name, async () => {
        rmSync(staged[i], { force: true });
        return format.prepare?.(staged[i], path);
      }),
    );
    const text = stopwatch.timeAsync('.dat', async () => before.sum ?? sumOfText(files.dat, before.digest));
    await Promise.allSettled([...copying, text]);
    const copies = (await Promise.all(copying)).filter((copy) => copy !== undefined);
    const sum = await text;
    // Whoever patches them makes sure that they still are what was found.
    if (copies.length === files.dbm.length && sum !== undefined) prepared = { sum, copies };
  } finally {
    if (prepared === undefined) for (const path of staged) rmSync(path, { force: true });
  }
  return prepared;
}

/** @returns undefined for a text with another digest */
function sumOfText(path: string, digest: string): bigint | undefined {
  const found = sumAndDigest(path);
  return found.digest === digest ? found.sum : undefined;
}

/** Removes what was prepared. @throws the operating system's error */
export async function discardPrepared(files: TableFiles, label: string): Promise<void> {
  for (const { path } of files.dbm) await rm(stagedPath(path, label), { force: true });
}
