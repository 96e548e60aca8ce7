import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { measure } from '../limits.ts';
import { createFile, type Output } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { readBackOf } from '../read-back.ts';
import { Bucket } from './bucket.ts';
import { BdbFile } from './file.ts';
import { fileIdOf } from './file-id.ts';
import { chooseGeometry, type Geometry } from './geometry.ts';
import { hashKeys } from './hash.ts';
import { limits } from './limits.ts';
import { writeMeta } from './meta.ts';
import { PageWriter } from './pages.ts';
import { remember, type Scattered, scatter } from './scatter.ts';

/** `Format.write` for Berkeley DB hash files, version 9, little-endian. */
export async function writeBdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  const { geometry, scattered } = plan(path, pairs, terminated);
  const check = readBackOf((as) => new BdbFile(path, as), pairs, { ...options, terminated });
  await createFile(
    path,
    (output) => fill(output, path, pairs, terminated, geometry, scattered),
    () => {
      remember(pairs, terminated, scattered);
      check();
    },
  );
}

function plan(path: string, pairs: Pairs, terminated: boolean): { geometry: Geometry; scattered: Scattered } {
  const sizes = measure(path, pairs, terminated, limits);
  const hashes = hashKeys(pairs, terminated);
  const geometry = chooseGeometry(pairs, hashes, sizes, terminated);
  const mask = geometry.buckets - 1;
  return { geometry, scattered: scatter(pairs, hashes, mask, mask, mask >>> 1) };
}

/** The meta page comes last: a file that was left half-written is none. */
async function fill(
  output: Output,
  path: string,
  pairs: Pairs,
  terminated: boolean,
  { pageSize, buckets }: Geometry,
  { start, places }: Scattered,
): Promise<void> {
  const firsts = output.stream(pageSize, true);
  const overflow = output.stream(pageSize * (buckets + 1), true);
  const pages = new PageWriter(pairs, terminated, pageSize, firsts, overflow, buckets + 1);
  const bucket = new Bucket(pairs.pool, places, terminated);
  for (let i = 0; i < buckets; i++) {
    bucket.load(start[i], start[i + 1]);
    const repeated = bucket.sort();
    if (repeated >= 0) throw new DbmError(path, `the key ${printable(bucket.key(repeated))} is there twice`);
    pages.write(bucket, 1 + i);
    if (output.full) await output.room();
  }

  const checksums = { firstPages: firsts.end(), furtherPages: overflow.end() };
  const fileId = fileIdOf({ pageSize, entries: pairs.count, pages: pages.pageCount }, checksums);
  await output.settle();
  const meta = output.stream(0);
  const at = meta.take(pageSize);
  meta.piece.bytes.fill(0, at, at + pageSize);
  writeMeta(meta.piece.view, at, {
    pageSize,
    buckets,
    lastPage: pages.pageCount - 1,
    entries: pairs.count,
    fileId,
  });
  meta.end();
}
