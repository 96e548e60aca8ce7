import { bucketElements, HASH_BITS, MOST_DIRECTORY_BITS, smallestDirectoryBits } from './layout.ts';

/** The buckets of a table, in the order of the hashes that they hold. */
export interface Plan {
  readonly blockSize: number;
  readonly directoryBits: number;
  /** By how many of the hash's first bits each bucket is found. */
  readonly bits: readonly number[];
  /** Bucket `i` has the hashes from place `start[i]` to `start[i + 1]`. */
  readonly start: readonly number[];
}

/** gdbm's own choice on most file systems. */
const SMALLEST_BLOCK = 4096;
const LARGEST_BLOCK = 2 ** 26;

/**
 * Cuts sorted hashes into buckets that leave a place free, so that a search ends there. As gdbm does, a bucket that would
 * not hold its entries is divided by one bit more of the hash. Undefined when so many hashes agree that no directory of
 * gdbm's could tell them apart.
 */
export function planBuckets(hashes: Uint32Array): Plan | undefined {
  for (let blockSize = SMALLEST_BLOCK; blockSize <= LARGEST_BLOCK; blockSize *= 2) {
    const plan = new Cutter(hashes, blockSize).cut();
    if (plan !== undefined) return plan;
  }
  return undefined;
}

class Cutter {
  readonly #hashes: Uint32Array;
  readonly #blockSize: number;
  readonly #most: number;
  readonly #bits: number[] = [];
  readonly #start: number[] = [0];
  /** A directory that is larger than its buckets tells of hashes that a larger block takes better. */
  readonly #mostBits: number;

  constructor(hashes: Uint32Array, blockSize: number) {
    this.#hashes = hashes;
    this.#blockSize = blockSize;
    this.#most = bucketElements(blockSize) - 1;
    const evenly = Math.ceil(Math.log2(Math.max(1, hashes.length / this.#most)));
    this.#mostBits = Math.min(MOST_DIRECTORY_BITS, Math.max(smallestDirectoryBits(blockSize), evenly + 6));
  }

  cut(): Plan | undefined {
    if (!this.#cut(0, this.#hashes.length, 0)) return undefined;
    const directoryBits = Math.max(smallestDirectoryBits(this.#blockSize), ...new Set(this.#bits));
    return { blockSize: this.#blockSize, directoryBits, bits: this.#bits, start: this.#start };
  }

  #cut(from: number, to: number, bits: number): boolean {
    if (to - from <= this.#most) {
      this.#bits.push(bits);
      this.#start.push(to);
      return true;
    }
    if (bits === this.#mostBits) return false;
    const middle = this.#firstWithBit(from, to, HASH_BITS - 1 - bits);
    return this.#cut(from, middle, bits + 1) && this.#cut(middle, to, bits + 1);
  }

  #firstWithBit(from: number, to: number, bit: number): number {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#hashes[middle] >>> bit) & 1) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
