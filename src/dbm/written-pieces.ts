import { DbmError } from './error.ts';
import { Input } from './input.ts';
import type { LinearMemory } from './linear-memory.ts';

/** Bytes that were written, and what they add up to. */
export interface WrittenPiece {
  readonly position: number;
  readonly size: number;
  readonly checksum: bigint;
}

/** Bytes that a checksum takes at a time. */
const WORD = 32;

/**
 * What was written of a file: how it is read back without a look at every key once more. What was held against the entries before
 * it went to the disk is right when it comes back as it was.
 */
export class WrittenPieces {
  readonly #path: string;
  readonly #memory: LinearMemory;
  readonly #sum: (address: number, size: number) => bigint;
  readonly #own: WrittenPiece[] = [];
  readonly #others: WrittenPiece[] = [];
  /** How many of its own were read back. */
  #compared = 0;

  /** @param sum the checksum of bytes in `memory`; their size may be that of the next 32 bytes, which are zero behind them */
  constructor(path: string, memory: LinearMemory, sum: (address: number, size: number) => bigint) {
    this.#path = path;
    this.#memory = memory;
    this.#sum = sum;
  }

  /** Takes note of bytes that go to the disk; they are in the memory, with 32 more behind them. Returns their checksum. */
  note(bytes: Uint8Array, position: number): bigint {
    const checksum = this.#sumOf(bytes.byteOffset, bytes.length);
    this.#own.push({ position, size: bytes.length, checksum });
    return checksum;
  }

  /** What was noted here. */
  get own(): readonly WrittenPiece[] {
    return this.#own;
  }

  /** Takes note of pieces that another thread wrote, and reads back. */
  take(pieces: readonly WrittenPiece[]): void {
    // There may be more than a call takes arguments.
    for (const piece of pieces) this.#others.push(piece);
  }

  /** Reads back what was noted here since the last time. @throws DbmError when the file has not what was written */
  compare(): void {
    const input = new Input(this.#path);
    try {
      this.#compare(input);
    } finally {
      input.close();
    }
  }

  /** Likewise. @throws DbmError when the file has not all of what was written, and nothing else */
  readBack(): void {
    const input = new Input(this.#path);
    try {
      this.#compare(input);
      let end = 0;
      for (const { position, size } of [...this.#own, ...this.#others].sort(
        (a, b) => a.position - b.position,
      )) {
        if (position !== end) throw this.#fault(end);
        end += size;
      }
      if (end !== input.size) throw this.#fault(end);
    } finally {
      input.close();
    }
  }

  #compare(input: Input): void {
    const pieces = this.#own.slice(this.#compared);
    this.#compared = this.#own.length;
    const largest = pieces.reduce((most, { size }) => Math.max(most, size), 0);
    const address = this.#memory.reserve(largest + WORD);
    for (const { position, size, checksum } of pieces) {
      input.read(this.#memory.bytes(address, size), position);
      if (this.#sumOf(address, size) !== checksum) throw this.#fault(position);
    }
  }

  #sumOf(address: number, size: number): bigint {
    const whole = Math.ceil(size / WORD) * WORD;
    this.#memory.bytes(address + size, whole - size).fill(0);
    return BigInt.asUintN(64, this.#sum(address, whole));
  }

  #fault(offset: number): DbmError {
    const message = 'reading it back gave other bytes than were written; check the disk';
    return new DbmError(this.#path, message, { offset });
  }
}
