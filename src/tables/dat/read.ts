import type { Pairs } from '../../dbm/pairs.ts';
import {
  BYTE_CLASS,
  COLON,
  MAX_JOINED_VALUE,
  MAX_KEY,
  MAX_LINE,
  NEWLINE,
  NUL,
  OTHER,
  SPACE,
  UPPER,
} from './syntax.ts';
import { unescapeKey } from './unescape.ts';

/** What exim_dbmbuild complains of. `line` counts from 1, `start` and `end` are offsets of the offending text. */
export interface DatFault {
  readonly kind: 'long-line' | 'long-key' | 'long-value' | 'stray-continuation';
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

export interface ReadOptions {
  /** Lower-case the keys (ASCII). Default true. */
  readonly lowerCaseKeys?: boolean;
  /** Hears of each fault, whose entry is left out; `false` ends the reading there. */
  readonly onFault?: (fault: DatFault) => boolean;
}

/**
 * Reads the entries of a `.dat` in the order of its lines, duplicates included, exactly as exim_dbmbuild does.
 *
 * `bytes` becomes the pool of the result and is changed in place: keys are lower-cased and unescaped, continued values
 * joined. A NUL byte ends the text of its line, as C's strlen() has it; and as with fgets(), what stands more than
 * 19,999 bytes into a line with a NUL in them is a line of its own.
 */
export function readDat(bytes: Uint8Array, options: ReadOptions = {}): Pairs {
  return new DatReader(bytes, options).read();
}

const HASH = 0x23;
const QUOTE = 0x22;
const BLANK = 0x20;
const LF = 0x0a;
const COLON_BYTE = 0x3a;

/** Whether the lines that begin with white space have an entry to continue. */
type Continuation = 'stray' | 'joined' | 'dropped';

class DatReader {
  readonly #bytes: Uint8Array;
  readonly #folds: boolean;
  /** Where the last line begins that may lack its newline. */
  readonly #lastLine: number;
  readonly #onFault: (fault: DatFault) => boolean;
  #line = 0;
  #continuation: Continuation = 'stray';
  #stopped = false;
  #count = 0;
  #keyStart: Uint32Array;
  #keyEnd: Uint32Array;
  #valueStart: Uint32Array;
  #valueEnd: Uint32Array;

  constructor(bytes: Uint8Array, options: ReadOptions) {
    this.#bytes = bytes;
    this.#lastLine = bytes.lastIndexOf(LF) + 1;
    this.#folds = options.lowerCaseKeys ?? true;
    this.#onFault = options.onFault ?? (() => true);
    const expected = Math.max(16, Math.ceil(bytes.length / 40));
    this.#keyStart = new Uint32Array(expected);
    this.#keyEnd = new Uint32Array(expected);
    this.#valueStart = new Uint32Array(expected);
    this.#valueEnd = new Uint32Array(expected);
  }

  read(): Pairs {
    let at = 0;
    while (at < this.#bytes.length && !this.#stopped) {
      at = this.#readPlainEntries(at);
      if (at < this.#bytes.length) at = this.#readLine(at);
    }
    return {
      count: this.#count,
      pool: this.#bytes,
      keyStart: this.#keyStart,
      keyEnd: this.#keyEnd,
      valueStart: this.#valueStart,
      valueEnd: this.#valueEnd,
    };
  }

  /**
   * The hot path: reads entries whose line needs nothing else, as far as they follow each other. Every such line has its
   * newline, so no byte needs a look at the end of the text.
   *
   * @returns the line to go on with, which may be such an entry for want of room
   */
  #readPlainEntries(from: number): number {
    const bytes = this.#bytes;
    const classes = BYTE_CLASS;
    const keyStart = this.#keyStart;
    const keyEnd = this.#keyEnd;
    const valueStart = this.#valueStart;
    const valueEnd = this.#valueEnd;
    const folds = this.#folds;
    const lastLine = this.#lastLine;
    const firstCount = this.#count;
    let count = firstCount;
    let start = from;
    while (start < lastLine && count < keyStart.length) {
      let at = start;
      let byte = bytes[at];
      if (byte === QUOTE || byte === HASH) break;
      for (;;) {
        while (classes[byte] === OTHER) byte = bytes[++at];
        if (classes[byte] !== UPPER) break;
        if (folds) bytes[at] = byte + 0x20;
        byte = bytes[++at];
      }
      if (at === start) break;
      const keyStop = at;
      if (byte !== COLON_BYTE) while (classes[byte] === SPACE) byte = bytes[++at];
      if (byte === COLON_BYTE) {
        do byte = bytes[++at];
        while (classes[byte] === SPACE);
      }
      const valueFrom = at;
      while (byte > LF || (byte !== LF && byte !== 0)) byte = bytes[++at];
      if (byte !== LF || at - start > MAX_LINE || keyStop - start > MAX_KEY) break;
      keyStart[count] = start;
      keyEnd[count] = keyStop;
      valueStart[count] = valueFrom;
      start = at + 1;
      while (at > valueFrom && classes[bytes[at - 1]] === SPACE) at--;
      valueEnd[count++] = at;
    }
    if (count > firstCount) {
      this.#continuation = 'joined';
      this.#line += count - firstCount;
      this.#count = count;
    }
    return start;
  }

  #readLine(start: number): number {
    this.#line++;
    const first = this.#bytes[start];
    const firstClass = BYTE_CLASS[first];
    if (firstClass === SPACE) return this.#readContinuation(start);
    return firstClass < SPACE && first !== HASH ? this.#readEntry(start, first) : this.#skipLine(start);
  }

  #readEntry(start: number, first: number): number {
    const bytes = this.#bytes;
    const end = bytes.length;
    if (this.#count === this.#keyStart.length) this.#grow();
    const i = this.#count;

    let at = start;
    this.#keyStart[i] = start;
    if (first === QUOTE) {
      const key = unescapeKey(bytes, start, this.#contentEnd(start));
      this.#keyEnd[i] = key.keyEnd;
      at = key.next;
      if (this.#folds) this.#foldKey(start, key.keyEnd);
    } else {
      let byteClass = BYTE_CLASS[first];
      while (byteClass < COLON) {
        if (byteClass === UPPER && this.#folds) bytes[at] += 0x20;
        byteClass = ++at < end ? BYTE_CLASS[bytes[at]] : NEWLINE;
      }
      this.#keyEnd[i] = at;
    }

    while (at < end && BYTE_CLASS[bytes[at]] === SPACE) at++;
    if (at < end && BYTE_CLASS[bytes[at]] === COLON) {
      at++;
      while (at < end && BYTE_CLASS[bytes[at]] === SPACE) at++;
    }
    this.#valueStart[i] = at;
    while (at < end && BYTE_CLASS[bytes[at]] < NEWLINE) at++;
    this.#valueEnd[i] = this.#trimmed(this.#valueStart[i], at);
    const lineEnd = at < end && BYTE_CLASS[bytes[at]] === NUL ? this.#lineEnd(start, at) : at;

    if (lineEnd - start > MAX_LINE) this.#drop('long-line', start, lineEnd);
    else if (this.#keyEnd[i] - start > MAX_KEY) this.#drop('long-key', start, this.#keyEnd[i]);
    else {
      this.#count = i + 1;
      this.#continuation = 'joined';
    }
    return lineEnd + 1;
  }

  #readContinuation(start: number): number {
    const bytes = this.#bytes;
    const lineEnd = this.#lineEnd(start, start);
    const contentEnd = this.#contentEnd(start);
    if (lineEnd - start > MAX_LINE) {
      if (this.#continuation === 'joined') this.#count--;
      this.#drop('long-line', start, lineEnd);
    } else if (contentEnd > start) {
      let contentStart = start;
      while (BYTE_CLASS[bytes[contentStart]] === SPACE) contentStart++;
      if (this.#continuation === 'stray') this.#fault('stray-continuation', start, contentEnd);
      else if (this.#continuation === 'joined') this.#join(contentStart, contentEnd);
    }
    return lineEnd + 1;
  }

  #join(contentStart: number, contentEnd: number): void {
    const i = this.#count - 1;
    const joinedEnd = this.#valueEnd[i] + 1 + contentEnd - contentStart;
    if (joinedEnd - this.#valueStart[i] > MAX_JOINED_VALUE) {
      this.#count--;
      this.#drop('long-value', this.#keyStart[i], this.#keyEnd[i]);
      return;
    }
    this.#bytes[this.#valueEnd[i]] = BLANK;
    this.#bytes.copyWithin(this.#valueEnd[i] + 1, contentStart, contentEnd);
    this.#valueEnd[i] = joinedEnd;
  }

  #skipLine(start: number): number {
    const lineEnd = this.#lineEnd(start, start);
    if (lineEnd - start > MAX_LINE) this.#fault('long-line', start, lineEnd);
    return lineEnd + 1;
  }

  #drop(kind: DatFault['kind'], start: number, end: number): void {
    this.#continuation = 'dropped';
    this.#fault(kind, start, end);
  }

  #fault(kind: DatFault['kind'], start: number, end: number): void {
    this.#stopped = !this.#onFault({ kind, line: this.#line, start, end });
  }

  /** The last byte of the line that begins at `start` and has no newline before `from`. */
  #lineEnd(start: number, from: number): number {
    const newline = this.#bytes.indexOf(LF, from);
    const lineEnd = newline < 0 ? this.#bytes.length : newline;
    const last = start + MAX_LINE;
    return lineEnd > last && this.#bytes.subarray(from, last + 1).includes(0) ? last : lineEnd;
  }

  /** Where the text of a line ends: before its NUL or newline, and the white space in front of that. */
  #contentEnd(start: number): number {
    let at = start;
    while (at < this.#bytes.length && BYTE_CLASS[this.#bytes[at]] < NEWLINE) at++;
    return this.#trimmed(start, at);
  }

  #trimmed(start: number, end: number): number {
    let at = end;
    while (at > start && BYTE_CLASS[this.#bytes[at - 1]] === SPACE) at--;
    return at;
  }

  #foldKey(start: number, end: number): void {
    for (let at = start; at < end; at++) {
      if (BYTE_CLASS[this.#bytes[at]] === UPPER) this.#bytes[at] += 0x20;
    }
  }

  #grow(): void {
    const size = this.#keyStart.length * 2;
    this.#keyStart = grown(this.#keyStart, size);
    this.#keyEnd = grown(this.#keyEnd, size);
    this.#valueStart = grown(this.#valueStart, size);
    this.#valueEnd = grown(this.#valueEnd, size);
  }
}

function grown(column: Uint32Array, size: number): Uint32Array {
  const larger = new Uint32Array(size);
  larger.set(column);
  return larger;
}
