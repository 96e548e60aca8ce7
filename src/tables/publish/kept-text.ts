import { digestOf } from '../columns/digest.ts';
import { Table } from '../columns/table.ts';
import { PublishError, systemReason } from '../error.ts';
import { readDatEntries } from '../sources/file.ts';
import { readWholeFile } from './read-file.ts';

/**
 * A table from a file of its canonical text that was kept under its digest.
 *
 * @param otherwise what to do where it is not what was kept
 * @throws PublishError when the file is not there, or not what was kept
 */
export function readKeptText(path: string, digest: string, otherwise: string): Table {
  let bytes: Buffer;
  try {
    bytes = readWholeFile(path);
  } catch (error) {
    throw new PublishError(path, systemReason(error), { cause: error });
  }
  if (digestOf(bytes) !== digest) {
    throw new PublishError(path, `its content is not what was kept, so it is not published; ${otherwise}`);
  }
  const { length } = bytes;
  // What has the digest is the text that this program wrote: in order, and each key once.
  return Table.of({ ...readDatEntries(bytes).pairs, measure: { digest, bytes: length } });
}
