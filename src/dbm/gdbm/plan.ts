import { bucketElements, MOST_DIRECTORY_BITS, smallestDirectoryBits } from './layout.ts';

/** The buckets of a table, in the order of the hashes that they hold. */
export interface Plan {
  readonly blockSize: number;
  readonly directoryBits: number;
  /** By how many of the hash's first bits each bucket is found. */
  readonly bits: readonly number[];
  /** Bucket `i` has the hashes from place `start[i]` to `start[i + 1]` in their order. */
  readonly start: readonly number[];
}

/** gdbm's own choice on most file systems. */
const SMALLEST_BLOCK = 4096;
const LARGEST_BLOCK = 2 ** 26;

/** How many hashes have first bits that are less than each number of so many bits, and in the end all. */
export type CountPrefixes = (bits: number) => Uint32Array;

/**
 * Cuts hashes, in their order, into buckets that leave a place free, so that a search ends there. As gdbm does, a bucket that would
 * not hold its entries is divided by one bit more of the hash. Undefined when so many hashes agree that no directory of
 * gdbm's could tell them apart.
 */
export function planBuckets(hashes: number, countPrefixes: CountPrefixes): Plan | undefined {
  for (let blockSize = SMALLEST_BLOCK; blockSize <= LARGEST_BLOCK; blockSize *= 2) {
    const plan = new Cutter(hashes, blockSize, countPrefixes).cut();
    if (plan !== undefined) return plan;
  }
  return undefined;
}

class Cutter {
  /** How many hashes come before each prefix of `#mostBits` bits. */
  readonly #before: Uint32Array;
  readonly #blockSize: number;
  readonly #most: number;
  readonly #bits: number[] = [];
  readonly #start: number[] = [0];
  /** A directory that is larger than its buckets tells of hashes that a larger block takes better. */
  readonly #mostBits: number;

  constructor(hashes: number, blockSize: number, countPrefixes: CountPrefixes) {
    this.#blockSize = blockSize;
    this.#most = bucketElements(blockSize) - 1;
    const evenly = Math.ceil(Math.log2(Math.max(1, hashes / this.#most)));
    this.#mostBits = Math.min(MOST_DIRECTORY_BITS, Math.max(smallestDirectoryBits(blockSize), evenly + 6));
    this.#before = countPrefixes(this.#mostBits);
  }

  cut(): Plan | undefined {
    if (!this.#cut(0, 0)) return undefined;
    const directoryBits = Math.max(smallestDirectoryBits(this.#blockSize), ...new Set(this.#bits));
    return { blockSize: this.#blockSize, directoryBits, bits: this.#bits, start: this.#start };
  }

  /** Cuts the hashes that begin with the `bits` bits of `prefix`. */
  #cut(prefix: number, bits: number): boolean {
    const unit = 2 ** (this.#mostBits - bits);
    const to = this.#before[(prefix + 1) * unit];
    if (to - this.#before[prefix * unit] <= this.#most) {
      this.#bits.push(bits);
      this.#start.push(to);
      return true;
    }
    if (bits === this.#mostBits) return false;
    return this.#cut(2 * prefix, bits + 1) && this.#cut(2 * prefix + 1, bits + 1);
  }
}
