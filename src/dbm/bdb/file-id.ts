import { createHash } from 'node:crypto';
import { viewOf } from '../bytes.ts';
import { FILE_ID_SIZE } from './layout.ts';

/** CRC-32 of all the buckets' first pages, and of all pages behind them. */
export interface Checksums {
  readonly firstPages: number;
  readonly furtherPages: number;
}

export interface Shape {
  readonly pageSize: number;
  readonly entries: number;
  readonly pages: number;
}

/** The checksums stand at the end, so that whoever changes some pages knows what all of them came to. */
const CHECKSUMS = FILE_ID_SIZE - 8;

/** Tells files apart in libdb's cache, as it must; the same entries have the same, so that the file is the same. */
export function fileIdOf({ pageSize, entries, pages }: Shape, checksums: Checksums): Uint8Array {
  const { firstPages, furtherPages } = checksums;
  const text = [pageSize, entries, pages, firstPages, furtherPages].join(' ');
  const id = Uint8Array.from(createHash('sha1').update(text).digest().subarray(0, FILE_ID_SIZE));
  const view = viewOf(id);
  view.setUint32(CHECKSUMS, firstPages, true);
  view.setUint32(CHECKSUMS + 4, furtherPages, true);
  return id;
}

/** The checksums in a file's id; undefined when `fileIdOf` did not make it. */
export function checksumsIn(id: Uint8Array, shape: Shape): Checksums | undefined {
  const view = viewOf(id);
  const checksums = {
    firstPages: view.getUint32(CHECKSUMS, true),
    furtherPages: view.getUint32(CHECKSUMS + 4, true),
  };
  return Buffer.compare(id, fileIdOf(shape, checksums)) === 0 ? checksums : undefined;
}
