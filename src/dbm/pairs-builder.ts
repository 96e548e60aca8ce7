import { DbmError } from './error.ts';
import type { Pairs } from './pairs.ts';

/** Collects entries into columns. */
export class PairsBuilder {
  #count = 0;
  #used = 0;
  readonly #pool: Uint8Array;
  #keyStart = new Uint32Array(1024);
  #keyEnd = new Uint32Array(1024);
  #valueStart = new Uint32Array(1024);
  #valueEnd = new Uint32Array(1024);

  /**
   * `bytes` is what keys and values of the file at `path` have together, at most. Memory is taken only as it is filled.
   *
   * @throws DbmError when there is no room for so much
   */
  constructor(path: string, bytes: number) {
    try {
      this.#pool = new Uint8Array(bytes);
    } catch (cause) {
      throw new DbmError(path, `too large for the memory of this machine: ${bytes} bytes`, { cause });
    }
  }

  get count(): number {
    return this.#count;
  }

  /** True when an entry of `bytes` bytes has no room, because the caller's limit was wrong. */
  lacksRoom(bytes: number): boolean {
    return this.#used + bytes > this.#pool.length;
  }

  /** Begins an entry with its key. */
  key(bytes: Uint8Array, start: number, end: number): void {
    if (this.#count === this.#keyStart.length) this.#grow();
    this.#keyStart[this.#count] = this.#used;
    this.#copy(bytes, start, end);
    this.#keyEnd[this.#count] = this.#used;
  }

  /** Completes the entry with its value. */
  value(bytes: Uint8Array, start: number, end: number): void {
    this.#valueStart[this.#count] = this.#used;
    this.#copy(bytes, start, end);
    this.#valueEnd[this.#count++] = this.#used;
  }

  finish(): Pairs {
    return {
      count: this.#count,
      pool: this.#pool.subarray(0, this.#used),
      keyStart: this.#keyStart,
      keyEnd: this.#keyEnd,
      valueStart: this.#valueStart,
      valueEnd: this.#valueEnd,
    };
  }

  #copy(bytes: Uint8Array, start: number, end: number): void {
    const pool = this.#pool;
    if (end - start > 64) {
      pool.set(bytes.subarray(start, end), this.#used);
      this.#used += end - start;
      return;
    }
    let used = this.#used;
    for (let i = start; i < end; i++) pool[used++] = bytes[i];
    this.#used = used;
  }

  #grow(): void {
    this.#keyStart = doubled(this.#keyStart);
    this.#keyEnd = doubled(this.#keyEnd);
    this.#valueStart = doubled(this.#valueStart);
    this.#valueEnd = doubled(this.#valueEnd);
  }
}

function doubled(column: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * column.length);
  larger.set(column);
  return larger;
}
