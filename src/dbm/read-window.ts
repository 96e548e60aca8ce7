import { viewOf } from './bytes.ts';
import type { Input } from './input.ts';

const SIZE = 1 << 18;
/** Bytes that may be jumped over without the next ones being read singly. */
const SMALL_GAP = 1 << 16;

/**
 * The bytes of a file that were read last, few enough to stay in the cache. Reads as much as it is asked for where that lies
 * here and there, and far ahead where one place nearly follows the other.
 */
export class ReadWindow {
  readonly bytes = new Uint8Array(SIZE);
  readonly view = viewOf(this.bytes);
  readonly #input: Input;
  /** Where in the file the window begins and ends. */
  #start = 0;
  #end = 0;

  constructor(input: Input) {
    this.#input = input;
  }

  /**
   * Makes the file's bytes from `position` on readable, `size` of them. Returns their place in `bytes`, valid until the next
   * call; -1 when they are too many, or beyond the file's end.
   */
  load(position: number, size: number): number {
    if (position >= this.#start && position + size <= this.#end) return position - this.#start;
    return this.#move(position, size);
  }

  #move(position: number, size: number): number {
    const most = Math.min(SIZE, this.#input.size - position);
    if (size > most) return -1;
    const ahead = position >= this.#start && position <= this.#end + SMALL_GAP;
    const length = ahead ? most : size;
    this.#start = position;
    this.#end = position;
    this.#input.read(this.bytes.subarray(0, length), position);
    this.#end = position + length;
    return 0;
  }
}
