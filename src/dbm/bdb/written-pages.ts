import { type WrittenPiece, WrittenPieces } from '../written-pieces.ts';
import { type BucketPlaces, KeptPlaces } from './bucket-places.ts';
import { PageFile } from './page-file.ts';
import { WrongPageError } from './pages.ts';
import { readBack } from './read-back.ts';
import type { TableBuckets } from './table-buckets.ts';

/** Pages that one thread wrote, as another can have them. */
export interface WrittenShare {
  readonly pieces: readonly WrittenPiece[];
  /** As `WrittenPages` has it. */
  readonly checksum: bigint;
  /** Buckets that are still to be read through the file. */
  readonly unread: readonly BucketPlaces[];
}

/**
 * What was written of a file: how it is read back without a look at every key once more. Pages that were held against their
 * entries before they went to the disk are right when they come back as they were; some buckets are read through the file itself.
 */
export class WrittenPages {
  readonly #path: string;
  readonly #table: TableBuckets;
  readonly #pageSize: number;
  readonly #pieces: WrittenPieces;
  readonly #unread: KeptPlaces;
  #checksum = 0n;

  constructor(path: string, table: TableBuckets, pageSize: number) {
    this.#path = path;
    this.#table = table;
    this.#pageSize = pageSize;
    const { memory, loops } = table;
    this.#pieces = new WrittenPieces(path, memory, (address, size) =>
      loops.checksum(address, size, pageSize),
    );
    this.#unread = new KeptPlaces(memory);
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

  /** Takes note of a bucket that is to be read through the file. */
  addUnread(bucket: BucketPlaces): void {
    this.#unread.keep(bucket);
  }

  /** Reads back what was noted here since the last time. @throws DbmError when the file has not what was written */
  compare(): void {
    this.#pieces.compare();
  }

  /** What was noted here. */
  get share(): WrittenShare {
    return { pieces: this.#pieces.own, checksum: this.#checksum, unread: this.#unread.buckets };
  }

  /** Takes note of what another thread wrote, and read back. */
  take({ pieces, checksum, unread }: WrittenShare): void {
    this.#pieces.take(pieces);
    this.#checksum = BigInt.asUintN(64, this.#checksum + checksum);
    this.#unread.take(unread);
  }

  /** @throws DbmError when the file has not what was written, or not what should have been */
  readBack(terminated: boolean): void {
    this.#pieces.readBack();
    const file = new PageFile(this.#path);
    try {
      const buckets = new Set(this.#unread.buckets.map(({ bucket }) => bucket));
      readBack(file, this.#unread.entries(this.#table.pairs.pool), terminated, buckets);
    } finally {
      file.close();
    }
  }
}
