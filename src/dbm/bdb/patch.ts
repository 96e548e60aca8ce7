import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { Change } from '../format.ts';
import { createFile, type Output } from '../output.ts';
import { BdbFile } from './file.ts';
import { checksumIn, fileIdOf, type Shape } from './file-id.ts';
import { FILE_ID_SIZE, META, META_SIZE } from './layout.ts';
import { writeMeta } from './meta.ts';
import { NotPatchable } from './not-patchable.ts';
import { PageFile } from './page-file.ts';
import { checkPages } from './patched-pages.ts';
import { Rewriting } from './rewriting.ts';

/**
 * `Format.patch` for files of `writeBdb`. Size and number of the pages follow from the entries, and hardly ever change: but
 * for the buckets in which something changes, and the pages behind the buckets', which are few, the file is a copy.
 */
export async function patchBdb(path: string, old: string, change: Change): Promise<boolean> {
  let file: PageFile | undefined;
  try {
    file = new PageFile(old);
    await patch(path, file, change);
    return true;
  } catch (error) {
    if (isNotPatchable(error, old)) return false;
    throw error;
  } finally {
    file?.close();
  }
}

/** What is wrong with the old file does not matter to one that is written whole. */
function isNotPatchable(error: unknown, old: string): boolean {
  if (error instanceof NotPatchable) return true;
  return error instanceof DbmError && (error.path === old || error.cause instanceof NotPatchable);
}

async function patch(path: string, file: PageFile, change: Change): Promise<void> {
  const { buckets, shape, checksum } = ownFile(file);
  const rewriting = new Rewriting(file, change);
  const { numbers, firstPages, furtherPages } = rewriting;
  const { pageSize } = shape;
  const page = (i: number): Uint8Array => firstPages.subarray(i * pageSize, (i + 1) * pageSize);
  const after: Shape = {
    pageSize,
    entries: shape.entries + change.come.count - change.gone.count,
    pages: 1 + buckets + furtherPages.length / pageSize,
  };
  const checksumAfter = BigInt.asUintN(64, checksum + rewriting.checksumChange);

  const fill = async (output: Output): Promise<void> => {
    await copyFile(file.path, path, constants.COPYFILE_FICLONE);
    for (const [i, number] of numbers.entries()) {
      put(output, page(i), (1 + number) * pageSize);
      if (output.full) await output.room();
    }
    put(output, furtherPages, (1 + buckets) * pageSize);
    put(output, metaPage(after, buckets, checksumAfter), 0);
    output.cut(after.pages * pageSize);
  };
  await createFile(path, fill, () => check(path, buckets, checksumAfter, change));
}

function put(output: Output, bytes: Uint8Array, position: number): void {
  const stream = output.stream(position);
  stream.put(bytes);
  stream.end();
}

/** What a file says of itself whose every page `writeBdb` wrote, as far as one can tell without reading them. */
function ownFile(file: PageFile): { buckets: number; shape: Shape; checksum: bigint } {
  const { meta, pageSize, pageCount, size } = file;
  const buckets = meta.maxBucket + 1;
  const first = new Uint8Array(pageSize);
  file.readPages(0, first);
  const shape = { pageSize, entries: meta.elements, pages: pageCount };
  const checksum = checksumIn(first.slice(META.fileId, META.fileId + FILE_ID_SIZE), shape);
  const isOurs =
    pageSize >= META_SIZE &&
    size === pageCount * pageSize &&
    checksum !== undefined &&
    Buffer.compare(first, metaPage(shape, buckets, checksum)) === 0;
  if (!isOurs) throw new NotPatchable('of another make');
  return { buckets, shape, checksum };
}

function metaPage(shape: Shape, buckets: number, checksum: bigint): Uint8Array {
  const { pageSize, entries, pages } = shape;
  const page = new Uint8Array(pageSize);
  const fileId = fileIdOf(shape, checksum);
  writeMeta(viewOf(page), 0, { pageSize, buckets, lastPage: pages - 1, entries, fileId });
  return page;
}

/** Reads the new file back: all of it by its checksum, which was worked out, and the entries that changed by their keys. */
function check(path: string, buckets: number, checksum: bigint, { gone, come }: Change): void {
  const pages = new PageFile(path);
  try {
    checkPages(pages, buckets, checksum);
  } finally {
    pages.close();
  }
  const file = new BdbFile(path, { terminated: true });
  try {
    const kept = new Set<string>();
    for (let i = 0; i < come.count; i++) {
      const key = come.pool.subarray(come.keyStart[i], come.keyEnd[i]);
      const value = come.pool.subarray(come.valueStart[i], come.valueEnd[i]);
      const found = file.get(key);
      if (found === undefined || Buffer.compare(found, value) !== 0)
        throw new NotPatchable('an entry is not there');
      kept.add(Buffer.from(key).toString('latin1'));
    }
    for (let i = 0; i < gone.count; i++) {
      const key = gone.pool.subarray(gone.keyStart[i], gone.keyEnd[i]);
      if (!kept.has(Buffer.from(key).toString('latin1')) && file.get(key) !== undefined)
        throw new NotPatchable('an entry is still there');
    }
  } finally {
    file.close();
  }
}
