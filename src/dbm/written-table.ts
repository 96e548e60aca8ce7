import type { DbmFile, WriteOptions } from './format.ts';
import type { LinearMemory } from './linear-memory.ts';
import { type Lookup, Lookups } from './lookups.ts';
import { createFile, type Output, OutputStream, type PieceSink } from './output.ts';
import { type WrittenPiece, WrittenPieces } from './written-pieces.ts';

/** What one thread wrote, and read back. */
export interface WrittenRecords {
  readonly pieces: readonly WrittenPiece[];
  readonly lookups: readonly Lookup[];
}

/** A file whose records are held against the entries in memory, before they go to the disk. */
export class WrittenTable {
  /** Entries that are looked up in the file: some that were held against it, and those that were not. */
  readonly lookups: Lookups;
  readonly #path: string;
  readonly #memory: LinearMemory;
  readonly #pieces: WrittenPieces;

  /** @param loops at work in `memory` */
  constructor(
    path: string,
    memory: LinearMemory,
    loops: { checksum(bytes: number, size: number, pageSize: number): bigint },
  ) {
    this.lookups = new Lookups(memory);
    this.#path = path;
    this.#memory = memory;
    this.#pieces = new WrittenPieces(path, memory, (address, size) => loops.checksum(address, size, size));
  }

  /** `createFile` with streams that `stream` gives; `open` opens the file to read it back, where the options ask for that. */
  async create(
    fill: (output: Output) => Promise<void>,
    open: (path: string) => DbmFile,
    { readBack = false }: WriteOptions,
  ): Promise<void> {
    await createFile(
      this.#path,
      fill,
      () => {
        if (readBack) this.#readBack(open);
      },
      (bytes) => this.#memory.bytes(this.#memory.reserve(bytes), bytes),
    );
  }

  /** Bytes that follow each other from `position` on, in pieces in the memory. */
  stream(output: PieceSink, position: number): OutputStream {
    return new OutputStream(output, position, (bytes, at) => this.#pieces.note(bytes, at));
  }

  /** Reads back what streams have written since the last time. @throws DbmError */
  compare(): void {
    this.#pieces.compare();
  }

  /** What another thread takes. */
  get records(): WrittenRecords {
    return { pieces: this.#pieces.own, lookups: this.lookups.entries };
  }

  /** Takes note of what another thread wrote, and read back. */
  take({ pieces, lookups }: WrittenRecords): void {
    this.#pieces.take(pieces);
    this.lookups.take(lookups);
  }

  #readBack(open: (path: string) => DbmFile): void {
    this.#pieces.readBack();
    const file = open(this.#path);
    try {
      this.lookups.check(file);
    } finally {
      file.close();
    }
  }
}
