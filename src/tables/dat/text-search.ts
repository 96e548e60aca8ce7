import { readSync } from 'node:fs';
import { readDat } from './read.ts';

const LF = 0x0a;
const BLANK = 0x20;
const QUOTE = 0x22;
const COLON = 0x3a;

/** The place of one entry in so many bytes is looked up and remembered; all that lies between two of these is read at once. */
const GRID = 1 << 14;
/** Entries are seldom longer. */
const LINE = 1024;

/** An entry in a text. */
interface Found {
  readonly at: number;
  readonly key: Buffer;
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
   * Where the entry of a key begins, and its text, good until the next call; without one, where it would stand.
   *
   * @throws the operating system's error
   */
  find(key: Uint8Array): { readonly at: number; readonly found: Buffer | undefined } {
    let low = 0;
    let high = Math.ceil(this.#size / GRID);
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const first = this.#first(middle);
      if (first !== undefined && first.key.compare(key) <= 0) low = middle;
      else high = middle;
    }
    const from = this.#first(low)?.at ?? this.#size;
    const to = this.#first(low + 1)?.at ?? this.#size;
    const { at, end } = findIn(this.#bytes(from, to - from), key);
    return { at: from + at, found: end === undefined ? undefined : this.#bytes(from + at, end - at) };
  }

  #first(stretch: number): Found | undefined {
    if (this.#firsts.has(stretch)) return this.#firsts.get(stretch);
    const from = stretch * GRID;
    const at = from === 0 ? 0 : from > this.#size ? this.#size : this.#endOf(from - 1);
    const found = at < this.#size ? { at, key: Buffer.from(this.#keyAt(at)) } : undefined;
    this.#firsts.set(stretch, found);
    return found;
  }

  #keyAt(at: number): Buffer {
    const end = this.#endOf(at);
    return keyOf(this.#bytes(at, end - at));
  }

  /** Where the next entry begins behind the line that `at` is in. */
  #endOf(at: number): number {
    for (let length = LINE; ; length *= 2) {
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
    const most = Math.min(Math.max(length, 2 * LINE), this.#size - at);
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

/** Where in whole entries that of a key begins and ends; without one, where it would begin. */
function findIn(text: Buffer, key: Uint8Array): { readonly at: number; readonly end: number | undefined } {
  let low = 0;
  let high = text.length;
  while (low < high) {
    const start = entryStart(text, low, (low + high) >>> 1);
    const end = entryEnd(text, start, true) ?? text.length;
    const order = keyOf(text.subarray(start, end)).compare(key);
    if (order === 0) return { at: start, end };
    if (order < 0) low = end;
    else high = start;
  }
  return { at: low, end: undefined };
}

/** Where the entry begins in whose text `at` is, not before `first`, where one does. */
function entryStart(text: Buffer, first: number, at: number): number {
  for (let start = at; start > first; ) {
    const newline = text.lastIndexOf(LF, start - 1);
    if (newline < first) return first;
    if (text[newline + 1] !== BLANK) return newline + 1;
    start = newline;
  }
  return first;
}

/** The key of an entry's text, good as long as that is where it can be. */
function keyOf(text: Buffer): Buffer {
  if (text[0] !== QUOTE) return text.subarray(0, Math.max(0, text.indexOf(COLON)));
  const { pool, keyStart, keyEnd } = readDat(Buffer.from(text), { lowerCaseKeys: false });
  return Buffer.from(pool.subarray(keyStart[0], keyEnd[0]));
}
