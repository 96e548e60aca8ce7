import { WrittenPieces } from '../written-pieces.ts';
import { PageFile } from './page-file.ts';
import { WrongPageError } from './pages.ts';
import { readBack } from './read-back.ts';
import type { TableBuckets } from './table-buckets.ts';

/**
 * What was written of a file: how it is read back without a look at every key once more. Pages that were held against their
 * entries before they went to the disk are right when they come back as they were; other buckets, the first and the last are
 * read through the file itself.
 */
export class WrittenPages {
  readonly #path: string;
  readonly #table: TableBuckets;
  readonly #pageSize: number;
  readonly #pieces: WrittenPieces;
  readonly #unread: number[] = [];
  #checksum = 0n;

  constructor(path: string, table: TableBuckets, pageSize: number) {
    this.#path = path;
    this.#table = table;
    this.#pageSize = pageSize;
    const { memory, loops } = table;
    this.#pieces = new WrittenPieces(path, memory, (address, size) =>
      loops.checksum(address, size, pageSize),
    );
  }

  /** The sum of a number for each page, in which each of its bytes and its own number count: whatever order they came in. */
  get checksum(): bigint {
    return this.#checksum;
  }

  /** Takes note of pages that go to the disk; `bytes` are in the table's memory. */
  note(bytes: Uint8Array, position: number): void {
    const first = position / this.#pageSize;
    const { loops } = this.#table;
    if (!loops.areNumbered(bytes.byteOffset, bytes.length, this.#pageSize, first))
      throw new WrongPageError(first);
    this.#checksum = BigInt.asUintN(64, this.#checksum + this.#pieces.note(bytes, position));
  }

  /** Takes note of a bucket that was not held against its entries. */
  addUnread(bucket: number): void {
    this.#unread.push(bucket);
  }

  /** @throws DbmError when the file has not what was written, or not what should have been */
  readBack(terminated: boolean): void {
    this.#pieces.readBack();
    const file = new PageFile(this.#path);
    try {
      const buckets = new Set([...this.#unread, 0, file.meta.maxBucket]);
      readBack(file, this.#table.entriesIn(buckets, file.meta.maxBucket + 1), terminated, buckets);
    } finally {
      file.close();
    }
  }
}
