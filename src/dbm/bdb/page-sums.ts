import { LinearMemory } from '../linear-memory.ts';
import { loopsIn } from './loops.ts';

const PIECE = 1 << 20;

/**
 * Checksums of pages: the sum, modulo 2^64, of a number for each page, in which each of its bytes counts, and so its page number.
 * So the sum of a file in which some pages change is the old one without what these had, and with what they have.
 */
export class PageSums {
  readonly #memory = new LinearMemory();
  readonly #loops = loopsIn(this.#memory);
  readonly #room = this.#memory.reserve(PIECE);
  readonly #pageSize: number;

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Bytes for a megabyte of pages: what is read into these is summed up where it is. */
  get room(): Uint8Array {
    return this.#memory.bytes(this.#room, PIECE);
  }

  of(pages: Uint8Array): bigint {
    if (LinearMemory.of(pages) === this.#memory) return this.#sum(pages.length, pages.byteOffset);
    let sum = 0n;
    for (let from = 0; from < pages.length; from += PIECE) {
      const piece = pages.subarray(from, from + PIECE);
      this.room.set(piece);
      sum += this.#sum(piece.length, this.#room);
    }
    return BigInt.asUintN(64, sum);
  }

  #sum(size: number, address: number): bigint {
    return BigInt.asUintN(64, this.#loops.checksum(address, size, this.#pageSize));
  }
}
