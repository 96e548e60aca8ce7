import { HASH_PRIME, hashOn } from '../../dbm/bdb/hash.ts';
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
  /** Hash the keys in passing, for a table that is to be written as `bdb`. Default false. */
  readonly hashKeys?: boolean;
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
  const reader = new DatReader(bytes, options);
  reader.read(bytes.length);
  return reader.finish();
}

const HASH = 0x23;
const QUOTE = 0x22;
const BLANK = 0x20;
const LF = 0x0a;
const COLON_BYTE = 0x3a;

/** Bytes of the text that are read in one go: a loop that is entered again soon runs compiled, and better, after a few. */
const STRETCH = 1 << 12;

/** What each byte is in a key, or 0 where it ends one that is not quoted. */
const FOLDED = keyBytes(true);
const UNFOLDED = keyBytes(false);

function keyBytes(folds: boolean): Uint8Array {
  return BYTE_CLASS.map((byteClass, byte) => {
    if (byteClass !== OTHER && byteClass !== UPPER) return 0;
    return byteClass === UPPER && folds ? byte + 0x20 : byte;
  });
}

/** Whether the lines that begin with white space have an entry to continue. */
type Continuation = 'stray' | 'joined' | 'dropped';

/** `readDat` for a text that is still coming in. */
export class DatReader {
  readonly #bytes: Uint8Array;
  readonly #folds: boolean;
  readonly #keyBytes: Uint8Array;
  readonly #hashes: boolean;
  readonly #onFault: (fault: DatFault) => boolean;
  /** How far the text has been read, and how far it may be. */
  #at = 0;
  #end = 0;
  #line = 0;
  #continuation: Continuation = 'stray';
  #stopped = false;
  #count = 0;
  #keyStart: Uint32Array;
  #keyEnd: Uint32Array;
  #valueStart: Uint32Array;
  #valueEnd: Uint32Array;
  #keyHash: Uint32Array;

  /** `bytes` has room for the whole text. */
  constructor(bytes: Uint8Array, options: ReadOptions = {}) {
    this.#bytes = bytes;
    this.#folds = options.lowerCaseKeys ?? true;
    this.#keyBytes = this.#folds ? FOLDED : UNFOLDED;
    this.#hashes = options.hashKeys ?? false;
    this.#onFault = options.onFault ?? (() => true);
    const expected = Math.ceil(bytes.length / 40) + STRETCH;
    this.#keyStart = new Uint32Array(expected);
    this.#keyEnd = new Uint32Array(expected);
    this.#valueStart = new Uint32Array(expected);
    this.#valueEnd = new Uint32Array(expected);
    this.#keyHash = new Uint32Array(this.#hashes ? expected : 0);
  }

  /** Reads the lines that are complete in the first `filled` bytes. Returns false after a fault that ends the reading. */
  read(filled: number): boolean {
    const complete = this.#bytes.lastIndexOf(LF, filled - 1) + 1;
    if (filled > 0 && complete > this.#at) this.#readTo(complete);
    this.#end = filled;
    return !this.#stopped;
  }

  /** Reads what is left of the bytes that there were. */
  finish(): Pairs {
    this.#readTo(this.#end);
    return {
      count: this.#count,
      pool: this.#bytes.subarray(0, this.#end),
      keyStart: this.#keyStart,
      keyEnd: this.#keyEnd,
      valueStart: this.#valueStart,
      valueEnd: this.#valueEnd,
      ...(this.#hashes ? { keyHash: this.#keyHash } : {}),
    };
  }

  #readTo(end: number): void {
    this.#end = end;
    const whole = this.#bytes.lastIndexOf(LF, end - 1) + 1;
    while (this.#at < end && !this.#stopped) {
      const before = this.#at;
      if (this.#count + STRETCH > this.#keyStart.length) this.#grow();
      this.#at = this.#readPlainEntries(before, Math.min(whole, before + STRETCH));
      if (this.#at === before) this.#at = this.#readLine(before);
    }
  }

  /**
   * The hot path: reads entries whose line needs nothing else, as far as they follow each other and begin before `until`.
   * Every such line has its newline, so no byte needs a look at the end of the text, and there is room for all of them.
   *
   * @returns the line to go on with
   */
  #readPlainEntries(from: number, until: number): number {
    const bytes = this.#bytes;
    const classes = BYTE_CLASS;
    const keyBytes = this.#keyBytes;
    const hashes = this.#hashes;
    const keyStart = this.#keyStart;
    const keyEnd = this.#keyEnd;
    const valueStart = this.#valueStart;
    const valueEnd = this.#valueEnd;
    const keyHash = this.#keyHash;
    const firstCount = this.#count;
    let count = firstCount;
    let start = from;
    while (start < until) {
      let at = start;
      let byte = bytes[at];
      if (byte === QUOTE || byte === HASH) break;
      let hash = 0;
      for (;;) {
        const keyByte = keyBytes[bytes[at]];
        if (keyByte === 0) break;
        bytes[at++] = keyByte;
        hash = Math.imul(hash, HASH_PRIME) ^ keyByte;
      }
      if (at === start) break;
      const keyStop = at;
      byte = bytes[at];
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
      if (hashes) keyHash[count] = hash;
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
    const end = this.#end;
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
      if (this.#hashes) this.#keyHash[i] = hashOn(0, bytes, start, this.#keyEnd[i]);
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
    const lineEnd = newline < 0 || newline > this.#end ? this.#end : newline;
    const last = start + MAX_LINE;
    return lineEnd > last && this.#bytes.subarray(from, last + 1).includes(0) ? last : lineEnd;
  }

  /** Where the text of a line ends: before its NUL or newline, and the white space in front of that. */
  #contentEnd(start: number): number {
    let at = start;
    while (at < this.#end && BYTE_CLASS[this.#bytes[at]] < NEWLINE) at++;
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
    if (this.#hashes) this.#keyHash = grown(this.#keyHash, size);
  }
}

function grown(column: Uint32Array, size: number): Uint32Array {
  const larger = new Uint32Array(size);
  larger.set(column);
  return larger;
}
