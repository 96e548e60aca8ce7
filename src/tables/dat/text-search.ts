import { readSync } from 'node:fs';
import { compareBytes } from '../columns/bytes.ts';
import { readDat } from './read.ts';

const LF = 0x0a;
const BLANK = 0x20;
const QUOTE = 0x22;
const COLON = 0x3a;

/** The place of one entry in so many bytes is looked up and remembered; from there on lines are read one by one. */
const GRID = 1024;

/** An entry in a text. */
interface Found {
  readonly at: number;
  readonly key: Uint8Array;
  readonly text: Buffer;
}

/** Finds entries by their keys in a file with the canonical text of a table, which is never read whole. */
export class TextSearch {
  readonly #descriptor: number;
  readonly #size: number;
  /** The first entry that begins in a stretch of the file or behind it; undefined where there is none. */
  readonly #firsts = new Map<number, Found | undefined>();
  #room = Buffer.alloc(0);
  #window = this.#room;
  #windowAt = 0;

  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.#size = size;
  }

  /**
   * Where the entry of a key begins, and its text; without one, where it would stand.
   *
   * @throws the operating system's error
   */
  find(key: Uint8Array): { readonly at: number; readonly found: Buffer | undefined } {
    let low = 0;
    let high = Math.ceil(this.#size / GRID);
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const first = this.#first(middle);
      if (first !== undefined && compare(first.key, key) <= 0) low = middle;
      else high = middle;
    }
    let entry = this.#first(low);
    while (entry !== undefined) {
      const order = compare(entry.key, key);
      if (order === 0) return { at: entry.at, found: entry.text };
      if (order > 0) return { at: entry.at, found: undefined };
      entry = this.#entryAt(entry.at + entry.text.length);
    }
    return { at: this.#size, found: undefined };
  }

  #first(stretch: number): Found | undefined {
    if (this.#firsts.has(stretch)) return this.#firsts.get(stretch);
    const from = stretch * GRID;
    const at = from === 0 ? 0 : this.#endOf(from - 1);
    const found = this.#entryAt(at);
    const kept = found && { ...found, text: Buffer.from(found.text) };
    this.#firsts.set(stretch, kept);
    return kept;
  }

  #entryAt(at: number): Found | undefined {
    if (at >= this.#size) return undefined;
    const end = this.#endOf(at);
    const text = this.#bytes(at, end - at);
    return { at, key: keyOf(text), text };
  }

  /** Where the next entry begins behind the line that `at` is in. */
  #endOf(at: number): number {
    for (let length = GRID; ; length *= 2) {
      const bytes = this.#bytes(at, length);
      const isLast = at + bytes.length >= this.#size;
      const end = entryEnd(bytes, 0, isLast);
      if (end !== undefined) return at + end;
      if (isLast) return this.#size;
    }
  }

  /** The bytes from `at` on, as far as there are any; good until the next call. */
  #bytes(at: number, length: number): Buffer {
    const wanted = Math.min(length, this.#size - at);
    const from = at - this.#windowAt;
    if (from >= 0 && from + wanted <= this.#window.length) return this.#window.subarray(from, from + wanted);
    const most = Math.min(Math.max(length, 4 * GRID), this.#size - at);
    if (this.#room.length < most) this.#room = Buffer.allocUnsafeSlow(2 * most);
    let count = 0;
    while (count < most) {
      const more = readSync(this.#descriptor, this.#room, count, most - count, at + count);
      if (more === 0) break;
      count += more;
    }
    this.#window = this.#room.subarray(0, count);
    this.#windowAt = at;
    return this.#window.subarray(0, wanted);
  }
}

/**
 * Where the entry ends in whose text `start` is: behind a newline that no continuation line follows.
 *
 * @param isAll whether the text ends where `bytes` do
 * @returns undefined where it goes on behind them, or may do so
 */
export function entryEnd(bytes: Uint8Array, start: number, isAll: boolean): number | undefined {
  for (let at = bytes.indexOf(LF, start); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (at + 1 < bytes.length ? bytes[at + 1] !== BLANK : isAll) return at + 1;
  }
  return undefined;
}

/** The key of an entry's text. */
function keyOf(text: Buffer): Uint8Array {
  if (text[0] !== QUOTE) return Buffer.from(text.subarray(0, text.indexOf(COLON)));
  const { pool, keyStart, keyEnd } = readDat(Buffer.from(text), { lowerCaseKeys: false });
  return pool.slice(keyStart[0], keyEnd[0]);
}

function compare(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}
