import { chmodSync, constants, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { Change, Prepared } from '../format.ts';
import { changeFile, createFile, type Output } from '../output.ts';
import { checksumIn, fileIdOf, type Shape } from './file-id.ts';
import { FILE_ID_SIZE, META, META_SIZE } from './layout.ts';
import { writeMeta } from './meta.ts';
import { NotPatchable } from './not-patchable.ts';
import { hasEntry } from './page-builder.ts';
import { PageFile } from './page-file.ts';
import { checkedContents, checkGeometry } from './patched-pages.ts';
import { type Page, Rewriting, type RewrittenBucket } from './rewriting.ts';

/** `Format.prepare` for files of `writeBdb`. */
export async function prepareBdb(path: string, old: string): Promise<Prepared | undefined> {
  try {
    refuseForeign(old);
    return { contents: await copy(path, old) };
  } catch (error) {
    if (isNotPatchable(error, old)) return undefined;
    throw error;
  }
}

/**
 * `Format.patch` for files of `writeBdb`. Size and number of the pages follow from the entries, and hardly ever change: but
 * for the buckets in which something changes, and the pages behind the buckets', which are few, the file is a copy.
 */
export async function patchBdb(
  path: string,
  old: string,
  change: Change,
  prepared?: Prepared,
): Promise<boolean> {
  const { contents } = prepared ?? (await prepareBdb(path, old)) ?? {};
  if (contents === undefined) return false;
  try {
    await rewrite(path, change, contents);
    return true;
  } catch (error) {
    if (isNotPatchable(error, old)) return false;
    throw error;
  }
}

/** What is wrong with the old file does not matter to one that is written whole. */
function isNotPatchable(error: unknown, old: string): boolean {
  if (error instanceof NotPatchable) return true;
  return error instanceof DbmError && (error.path === old || error.cause instanceof NotPatchable);
}

function refuseForeign(path: string): void {
  const file = new PageFile(path);
  try {
    ownFile(file);
  } finally {
    file.close();
  }
}

/** @returns how many bytes each page has in use */
async function copy(path: string, old: string): Promise<Uint32Array> {
  let contents = new Uint32Array(0);
  const fill = async (): Promise<void> => {
    await copyFile(old, path, constants.COPYFILE_FICLONE);
    const { mode } = statSync(path);
    // It has the rights of the old one by now, which only root may write to without that.
    if ((mode & OWNER_WRITES) === 0) chmodSync(path, (mode & RIGHTS) | OWNER_WRITES);
  };
  const check = (): void => {
    const file = new PageFile(path);
    try {
      contents = checkedContents(file, ownFile(file).checksum);
    } finally {
      file.close();
    }
  };
  await createFile(path, fill, check);
  return contents;
}

const RIGHTS = 0o7777;
const OWNER_WRITES = 0o200;

/** Makes a copy, whose pages have so much in use, the file that is wanted. */
async function rewrite(path: string, change: Change, contents: Uint32Array): Promise<void> {
  let rewritten: Rewritten | undefined;
  const fill = async (output: Output): Promise<void> => {
    const file = new PageFile(path);
    try {
      rewritten = planRewriting(file, change, contents);
    } finally {
      file.close();
    }
    const { pageSize, pages, pageCount } = rewritten;
    for (const { page, bytes } of pages) output.put(bytes, page * pageSize);
    output.cut(pageCount * pageSize);
  };
  await changeFile(path, fill, () => rewritten && check(path, rewritten, change));
}

/** What a copy is to become. */
interface Rewritten {
  readonly pageSize: number;
  readonly pageCount: number;
  /** Those that become others. */
  readonly pages: readonly Page[];
  readonly buckets: readonly RewrittenBucket[];
  /** How many bytes each bucket has on its pages. */
  readonly content: Uint32Array;
}

function planRewriting(file: PageFile, change: Change, contents: Uint32Array): Rewritten {
  const { buckets: bucketCount, shape, checksum } = ownFile(file);
  const { buckets, furtherPages, checksumChange } = new Rewriting(file, change);
  const entries = shape.entries + change.come.count - change.gone.count;
  const after: Shape = { ...shape, entries, pages: 1 + bucketCount + furtherPages.length };
  const meta = metaPage(after, bucketCount, BigInt.asUintN(64, checksum + checksumChange));
  const content = contents.slice(1, 1 + bucketCount);
  for (const bucket of buckets) content[bucket.number] = bucket.content;
  const pages = [{ page: 0, bytes: meta }, ...buckets.flatMap(({ pages }) => pages)];
  return { pageSize: shape.pageSize, pageCount: after.pages, pages, buckets, content };
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

/** Reads back what was written into the copy, which was read back itself, and looks for the entries that changed. */
function check(
  path: string,
  { pageSize, pageCount, pages, buckets, content }: Rewritten,
  change: Change,
): void {
  const file = new PageFile(path);
  try {
    const read = Buffer.alloc(pageSize);
    for (const { page, bytes } of pages) {
      file.readPages(page, read);
      if (read.compare(bytes) !== 0)
        throw file.fault(page, 'reading it back gave other bytes than were written; check the disk');
    }
    if (file.size !== pageCount * pageSize) throw file.fault(pageCount, 'it does not end where it should');
    checkGeometry(file, content);
  } finally {
    file.close();
  }
  for (const bucket of buckets) checkEntries(bucket, change);
}

/** @throws NotPatchable when an entry that comes is not on the pages of its bucket, or one that goes still is */
function checkEntries({ pages, change }: RewrittenBucket, { gone, come }: Change): void {
  const isThere = (key: Uint8Array, value?: Uint8Array): boolean =>
    pages.some(({ bytes }) => hasEntry(bytes, key, value));
  const kept = change.come.map((i) => come.pool.subarray(come.keyStart[i], come.keyEnd[i]));
  for (const [n, i] of change.come.entries()) {
    const value = come.pool.subarray(come.valueStart[i], come.valueEnd[i]);
    if (!isThere(kept[n], value)) throw new NotPatchable('an entry is not there');
  }
  for (const i of change.gone) {
    const key = gone.pool.subarray(gone.keyStart[i], gone.keyEnd[i]);
    const isKept = kept.some((other) => Buffer.compare(key, other) === 0);
    if (!isKept && isThere(key)) throw new NotPatchable('an entry is still there');
  }
}
