import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { measure } from '../limits.ts';
import { createFile, type Output } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { readBackOf } from '../read-back.ts';
import { inKeyOrder } from '../sort.ts';
import { BranchWriter, type Level } from './branch-writer.ts';
import { LmdbFile } from './file.ts';
import { META_PAGES, PAGE_SIZE } from './layout.ts';
import { LeafWriter } from './leaf-writer.ts';
import { limits } from './limits.ts';
import { type Tree, writeMeta } from './meta.ts';

/** `Format.write` for LMDB, data format 1. */
export async function writeLmdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? false;
  measure(path, pairs, terminated, limits);
  const sorted = inKeyOrder(pairs);
  if (sorted.repeated >= 0)
    throw new DbmError(path, `the key ${keyName(sorted.pairs, sorted.repeated)} is there twice`);
  const { count, keyStart, keyEnd } = sorted.pairs;
  if (!terminated && count > 0 && keyStart[0] === keyEnd[0]) {
    throw new DbmError(path, 'an entry has an empty key, which LMDB cannot hold');
  }
  await createFile(
    path,
    (output) => fill(output, sorted.pairs, terminated),
    readBackOf((as) => new LmdbFile(path, as), pairs, options),
  );
}

/** `pairs` are in order. The meta pages come last: a file that was left half-written is none. */
async function fill(output: Output, pairs: Pairs, terminated: boolean): Promise<void> {
  const stream = output.stream(META_PAGES * PAGE_SIZE);
  const leaves = new LeafWriter(pairs, terminated, stream, META_PAGES);
  let level: Level = { pages: [], firsts: [] };
  for (let next = 0; next < pairs.count; ) {
    level.pages.push(leaves.nextPage);
    level.firsts.push(next);
    next = leaves.write(next);
    if (output.full) await output.room();
  }

  const leafPages = level.pages.length;
  let lastPage = leaves.nextPage - 1;
  let depth = Math.min(leafPages, 1);
  let branchPages = 0;
  const branches = new BranchWriter(pairs, terminated, stream);
  for (; level.pages.length > 1; depth++) {
    level = branches.write(level, lastPage + 1);
    branchPages += level.pages.length;
    lastPage += level.pages.length;
    if (output.full) await output.room();
  }
  stream.end();
  await output.settle();

  const [root] = level.pages;
  const { overflowPages } = leaves;
  writeMetas(
    output,
    { flags: 0, depth, branchPages, leafPages, overflowPages, entries: pairs.count, root },
    lastPage,
  );
}

function writeMetas(output: Output, tree: Tree, lastPage: number): void {
  const stream = output.stream(0);
  const at = stream.take(META_PAGES * PAGE_SIZE);
  const { bytes, view } = stream.piece;
  bytes.fill(0, at, at + META_PAGES * PAGE_SIZE);
  for (let page = 0; page < META_PAGES; page++) writeMeta(view, at + page * PAGE_SIZE, page, tree, lastPage);
  stream.end();
}

function keyName({ pool, keyStart, keyEnd }: Pairs, entry: number): string {
  return printable(pool.subarray(keyStart[entry], keyEnd[entry]));
}
