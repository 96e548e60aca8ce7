import { copyLoosely, viewOf } from './bytes.ts';
import type { OutputStream } from './output.ts';

const NUL = Uint8Array.of(0);

/** Puts the key and the value of an entry into a file, one behind the other, each with its NUL where files have one. */
export class EntryBytes {
  /** Bytes behind each key and each value. */
  readonly nul: 0 | 1;
  readonly #pool: Uint8Array;
  readonly #view: DataView;

  constructor(pool: Uint8Array, terminated: boolean) {
    this.#pool = pool;
    this.#view = viewOf(pool);
    this.nul = terminated ? 1 : 0;
  }

  /** Copies an entry to `at` and returns the place behind it. May write up to three bytes beyond, which the caller writes later. */
  copy(
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    bytes: Uint8Array,
    view: DataView,
    at: number,
  ): number {
    let next = copyLoosely(this.#pool, this.#view, keyStart, keyEnd, bytes, view, at);
    if (this.nul === 1) bytes[next++] = 0;
    next = copyLoosely(this.#pool, this.#view, valueStart, valueEnd, bytes, view, next);
    if (this.nul === 1) bytes[next++] = 0;
    return next;
  }

  /** Writes an entry that may be longer than a piece of the output. */
  put(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number, stream: OutputStream): void {
    stream.put(this.#pool.subarray(keyStart, keyEnd));
    if (this.nul === 1) stream.put(NUL);
    stream.put(this.#pool.subarray(valueStart, valueEnd));
    if (this.nul === 1) stream.put(NUL);
  }
}
