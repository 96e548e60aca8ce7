import type { Pairs } from '../dbm/pairs.ts';
import { copyBytes } from './bytes.ts';
import { sharedBytes, sharedColumn } from './shared-memory.ts';

/** The largest pool: offsets are 32 bits, and Node's buffers end at 4 GiB. */
const MAX_POOL = 2 ** 32 - 1;

/**
 * Room for a large table from the start: the operating system gives memory only where it is touched, while growing copies
 * all that is there.
 */
const EXPECTED_ENTRIES = 1 << 20;

/** More bytes than a table's columns can address. */
export class TableTooLargeError extends Error {
  override readonly name = 'TableTooLargeError';

  constructor() {
    super('a table holds at most 4 GiB of keys and values');
  }
}

/** Grows columns entry by entry. Keys and values are copied; a value equal to the one before is stored once. */
export class EntriesBuilder {
  #count = 0;
  #used = 0;
  #pool: Uint8Array;
  #keyStart: Uint32Array;
  #keyEnd: Uint32Array;
  #valueStart: Uint32Array;
  #valueEnd: Uint32Array;

  constructor(expectedEntries = EXPECTED_ENTRIES, expectedBytes = expectedEntries * 48) {
    this.#pool = sharedBytes(expectedBytes);
    this.#keyStart = sharedColumn(expectedEntries);
    this.#keyEnd = sharedColumn(expectedEntries);
    this.#valueStart = sharedColumn(expectedEntries);
    this.#valueEnd = sharedColumn(expectedEntries);
  }

  get count(): number {
    return this.#count;
  }

  /** @throws TableTooLargeError */
  add(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const i = this.#count;
    if (i === this.#keyStart.length) this.#growColumns();
    const keyLength = keyEnd - keyStart;
    const valueLength = valueEnd - valueStart;
    const needed = this.#used + keyLength + valueLength;
    if (needed > this.#pool.length) this.#growPool(needed);

    copyBytes(keyBytes, keyStart, keyEnd, this.#pool, this.#used);
    this.#keyStart[i] = this.#used;
    this.#used += keyLength;
    this.#keyEnd[i] = this.#used;
    if (i > 0 && this.#equalsValue(i - 1, valueBytes, valueStart, valueLength)) {
      this.#valueStart[i] = this.#valueStart[i - 1];
      this.#valueEnd[i] = this.#valueEnd[i - 1];
    } else {
      copyBytes(valueBytes, valueStart, valueEnd, this.#pool, this.#used);
      this.#valueStart[i] = this.#used;
      this.#used += valueLength;
      this.#valueEnd[i] = this.#used;
    }
    this.#count = i + 1;
  }

  /** The columns so far; the builder must not be used afterwards. */
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

  #equalsValue(i: number, bytes: Uint8Array, start: number, length: number): boolean {
    const at = this.#valueStart[i];
    if (this.#valueEnd[i] - at !== length) return false;
    for (let offset = length - 1; offset >= 0; offset--) {
      if (this.#pool[at + offset] !== bytes[start + offset]) return false;
    }
    return true;
  }

  #growColumns(): void {
    const size = Math.max(1024, this.#keyStart.length * 2);
    this.#keyStart = grown(this.#keyStart, size);
    this.#keyEnd = grown(this.#keyEnd, size);
    this.#valueStart = grown(this.#valueStart, size);
    this.#valueEnd = grown(this.#valueEnd, size);
  }

  #growPool(needed: number): void {
    if (needed > MAX_POOL) throw new TableTooLargeError();
    const pool = sharedBytes(Math.min(MAX_POOL, Math.max(needed, this.#pool.length * 2)));
    pool.set(this.#pool.subarray(0, this.#used));
    this.#pool = pool;
  }
}

function grown(column: Uint32Array, size: number): Uint32Array {
  const larger = sharedColumn(size);
  larger.set(column);
  return larger;
}
