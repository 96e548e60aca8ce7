import { viewOf } from '../bytes.ts';
import { FILE_ID_SIZE } from './layout.ts';

export interface Shape {
  readonly pageSize: number;
  readonly entries: number;
  readonly pages: number;
}

/** It stands at the end, so that whoever changes some pages knows what all of them came to. */
const CHECKSUM = FILE_ID_SIZE - 8;

/**
 * Tells files apart in libdb's cache, as it must; the same entries have the same, so that the file is the same.
 *
 * @param checksum of all pages but the meta page, as `PageSums` has it
 */
export function fileIdOf({ pageSize, entries, pages }: Shape, checksum: bigint): Uint8Array {
  const id = new Uint8Array(FILE_ID_SIZE);
  const view = viewOf(id);
  for (const [i, number] of [pageSize, entries, pages].entries()) view.setUint32(4 * i, number, true);
  view.setBigUint64(CHECKSUM, checksum, true);
  return id;
}

/** The checksum in a file's id; undefined when `fileIdOf` did not make it. */
export function checksumIn(id: Uint8Array, shape: Shape): bigint | undefined {
  const checksum = viewOf(id).getBigUint64(CHECKSUM, true);
  return Buffer.compare(id, fileIdOf(shape, checksum)) === 0 ? checksum : undefined;
}
