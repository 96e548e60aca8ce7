import { LinearMemory } from '../linear-memory.ts';
import { loopsIn } from './loops.ts';

/** So few that they are still in the processor's cache when they have been read. */
const PIECE = 1 << 18;
/** No page is smaller. */
const MOST_PAGES = PIECE >> 9;

/**
 * Checksums of pages: the sum, modulo 2^64, of a number for each page, in which each of its bytes counts, and so its page number.
 * So the sum of a file in which some pages change is the old one without what these had, and with what they have.
 */
export class PageSums {
  readonly #memory = new LinearMemory();
  readonly #loops = loopsIn(this.#memory);
  readonly #room = this.#memory.reserve(PIECE);
  readonly #contents = this.#memory.reserve(4 * MOST_PAGES);
  readonly #pageSize: number;

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Bytes for some pages: what is read into these is summed up where it is. */
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

  /** How many bytes the first `count` pages in `room` have in use; good until the next call. */
  contents(count: number): Uint32Array {
    this.#loops.measurePages(this.#room, count * this.#pageSize, this.#pageSize, this.#contents);
    return this.#memory.numbers(this.#contents, count);
  }

  #sum(size: number, address: number): bigint {
    return BigInt.asUintN(64, this.#loops.checksum(address, size, this.#pageSize));
  }
}
