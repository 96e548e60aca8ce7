import { DbmError } from '../error.ts';
import { Input } from '../input.ts';
import type { Pairs } from '../pairs.ts';
import { PageFile } from './page-file.ts';
import { WrongPageError } from './pages.ts';
import { readBack } from './read-back.ts';
import type { TableBuckets } from './table-buckets.ts';

interface Piece {
  readonly position: number;
  readonly size: number;
  readonly checksum: bigint;
}

/**
 * What was written of a file: how it is read back without a look at every key once more. Pages that were held against their
 * entries before they went to the disk are right when they come back as they were; other buckets, the first and the last are
 * read through the file itself.
 */
export class WrittenPages {
  readonly #path: string;
  readonly #table: TableBuckets;
  readonly #pageSize: number;
  readonly #pieces: Piece[] = [];
  readonly #unread: number[] = [];
  #checksum = 0n;

  constructor(path: string, table: TableBuckets, pageSize: number) {
    this.#path = path;
    this.#table = table;
    this.#pageSize = pageSize;
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
    const checksum = this.#sum(bytes);
    this.#pieces.push({ position, size: bytes.length, checksum });
    this.#checksum = BigInt.asUintN(64, this.#checksum + checksum);
  }

  /** Takes note of a bucket that was not held against its entries. */
  addUnread(bucket: number): void {
    this.#unread.push(bucket);
  }

  /** @throws DbmError when the file has not what was written, or not what should have been */
  readBack(pairs: Pairs, terminated: boolean): void {
    const { memory } = this.#table;
    const largest = this.#pieces.reduce((most, { size }) => Math.max(most, size), 0);
    const address = memory.reserve(largest);
    const input = new Input(this.#path);
    try {
      for (const { position, size, checksum } of this.#pieces) {
        const bytes = memory.bytes(address, size);
        input.read(bytes, position);
        if (this.#sum(bytes) !== checksum) {
          throw new DbmError(
            this.#path,
            'reading it back gave other bytes than were written; check the disk',
            {
              offset: position,
            },
          );
        }
      }
    } finally {
      input.close();
    }
    const file = new PageFile(this.#path);
    try {
      const buckets = new Set([...this.#unread, 0, file.meta.maxBucket]);
      readBack(file, pairs, terminated, { buckets, hashes: this.#table.hashes });
    } finally {
      file.close();
    }
  }

  #sum(bytes: Uint8Array): bigint {
    return BigInt.asUintN(64, this.#table.loops.checksum(bytes.byteOffset, bytes.length, this.#pageSize));
  }
}
