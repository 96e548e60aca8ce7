import type { LinearMemory } from './linear-memory.ts';
import type { Loops } from './loops.ts';

/** A buffer to write into piece by piece; it grows as it must and is used again for each entry. */
export class Scratch {
  bytes: Buffer;
  used = 0;
  readonly #memory: LinearMemory;
  readonly #loops: Loops;

  constructor(memory: LinearMemory, loops: Loops) {
    this.#memory = memory;
    this.#loops = loops;
    this.bytes = memory.bytes(64 * 1024);
  }

  /** Makes room for `length` more bytes. */
  reserve(length: number): void {
    if (this.used + length <= this.bytes.length) return;
    const larger = this.#memory.bytes(Math.max(this.used + length, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }

  append(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const { bytes } = this;
    let at = this.used;
    for (let i = start; i < end; i++) bytes[at++] = source[i];
    this.used = at;
  }

  /**
   * Appends an address in lower case. @param source in the same memory
   *
   * @returns false for what is no address, or longer than most; then nothing is appended
   */
  appendAddress(source: Uint8Array, start: number, end: number): boolean {
    this.reserve(end - start);
    const from = source.byteOffset;
    const at = this.#loops.copyAddress(from + start, from + end, this.bytes.byteOffset + this.used);
    if (at === 0) return false;
    this.used += end - start;
    return true;
  }
}
