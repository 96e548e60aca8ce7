import { crc32 } from 'node:zlib';

/** What is checked at a time: as little as is worth a system call, for whoever looks a few entries up. */
export const BLOCK = 1 << 12;

/** CRC-32 of each whole block of bytes that only grow, made while they do. */
export class BlockSums {
  #sums = new Uint32Array(1024);
  #count = 0;

  /** How many blocks have been summed. */
  get count(): number {
    return this.#count;
  }

  /** Those of the first blocks. */
  get sums(): Uint32Array {
    return this.#sums.subarray(0, this.#count);
  }

  /** @param bytes all that there are by now, those of before unchanged */
  follow(bytes: Uint8Array): void {
    const whole = Math.floor(bytes.length / BLOCK);
    while (whole > this.#sums.length) {
      const larger = new Uint32Array(this.#sums.length * 2);
      larger.set(this.#sums);
      this.#sums = larger;
    }
    for (let block = this.#count; block < whole; block++)
      this.#sums[block] = crc32(bytes.subarray(block * BLOCK, (block + 1) * BLOCK));
    this.#count = whole;
  }
}
