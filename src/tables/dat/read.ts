import { LinearMemory } from '../../dbm/linear-memory.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { type Loops, loopsIn } from './loops.ts';
import {
  BYTE_CLASS,
  COLON,
  MAX_JOINED_VALUE,
  MAX_KEY,
  MAX_LINE,
  NEWLINE,
  NUL,
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
 * A NUL byte ends the text of its line, as C's strlen() has it; and as with fgets(), what stands more than 19,999 bytes into a
 * line with a NUL in them is a line of its own.
 *
 * @throws MemoryFullError
 */
export function readDat(text: Uint8Array, options: ReadOptions = {}): Pairs {
  const reader = new DatReader(text.length, options);
  reader.bytes.set(text);
  reader.read(text.length);
  return reader.finish();
}

const HASH = 0x23;
const QUOTE = 0x22;
const BLANK = 0x20;
const LF = 0x0a;

/** Bytes of the text that are read in one go. */
const STRETCH = 1 << 16;
/** As many entries can begin in them: the shortest are a letter and a newline. */
const MOST_ENTRIES = STRETCH / 2;

/** The loop may put back this many bytes behind a line, as they were. */
const LOOSE = 16;

/** Whether the lines that begin with white space have an entry to continue. */
type Continuation = 'stray' | 'joined' | 'dropped';

interface Columns {
  readonly keyStart: Uint32Array;
  readonly keyEnd: Uint32Array;
  readonly valueStart: Uint32Array;
  readonly valueEnd: Uint32Array;
}

/** `readDat` for a text that is still coming in. */
export class DatReader {
  /**
   * Room for the whole text. It becomes the pool of the result and is changed in place: keys are lower-cased and unescaped,
   * continued values joined.
   */
  readonly bytes: Uint8Array;
  readonly #memory = new LinearMemory();
  readonly #loops: Loops = loopsIn(this.#memory);
  readonly #folds: boolean;
  readonly #onFault: (fault: DatFault) => boolean;
  /** How far the text has been read, and how far it may be. */
  #at = 0;
  #end = 0;
  #line = 0;
  #continuation: Continuation = 'stray';
  #stopped = false;
  #count = 0;
  #columns: Columns;

  /** `size`: bytes of the text, at most. @throws MemoryFullError */
  constructor(size: number, options: ReadOptions = {}) {
    this.bytes = this.#memory.bytes(this.#memory.reserve(size), size);
    this.#folds = options.lowerCaseKeys ?? true;
    this.#onFault = options.onFault ?? (() => true);
    this.#columns = this.#newColumns(Math.ceil(size / 40) + MOST_ENTRIES);
  }

  /**
   * Reads the lines that are complete in the first `filled` bytes, but for the last few bytes: those behind may be on their way into
   * the room meanwhile. Returns false after a fault that ends the reading.
   */
  read(filled: number): boolean {
    const safe = filled - LOOSE;
    const complete = safe > 0 ? this.bytes.lastIndexOf(LF, safe - 1) + 1 : 0;
    if (complete > this.#at) this.#readTo(complete);
    this.#end = filled;
    return !this.#stopped;
  }

  /** Reads what is left of the bytes that there were. */
  finish(): Pairs {
    this.#readTo(this.#end);
    return { count: this.#count, pool: this.bytes.subarray(0, this.#end), ...this.#columns };
  }

  #readTo(end: number): void {
    this.#end = end;
    const whole = this.bytes.lastIndexOf(LF, end - 1) + 1;
    while (this.#at < end && !this.#stopped) {
      const before = this.#at;
      if (this.#count + MOST_ENTRIES > this.#columns.keyStart.length) this.#grow();
      this.#at = this.#readPlainEntries(before, Math.min(whole, before + STRETCH));
      if (this.#at === before) this.#at = this.#readLine(before);
    }
  }

  /** Reads entries whose line needs nothing else, as far as they follow each other. @returns the line to go on with */
  #readPlainEntries(from: number, until: number): number {
    const base = this.bytes.byteOffset;
    const { keyStart, keyEnd, valueStart, valueEnd } = this.#columns;
    const column = 4 * this.#count;
    const next = this.#loops.readPlainEntries(
      base + from,
      base + until,
      this.#folds ? 1 : 0,
      base,
      keyStart.byteOffset + column,
      keyEnd.byteOffset + column,
      valueStart.byteOffset + column,
      valueEnd.byteOffset + column,
    );
    const entries = this.#loops.entriesRead();
    if (entries > 0) this.#continuation = 'joined';
    this.#line += entries;
    this.#count += entries;
    return (next >>> 0) - base;
  }

  #readLine(start: number): number {
    this.#line++;
    const first = this.bytes[start];
    const firstClass = BYTE_CLASS[first];
    if (firstClass === SPACE) return this.#readContinuation(start);
    return firstClass < SPACE && first !== HASH ? this.#readEntry(start, first) : this.#skipLine(start);
  }

  #readEntry(start: number, first: number): number {
    const { bytes } = this;
    const { keyStart, keyEnd, valueStart, valueEnd } = this.#columns;
    const end = this.#end;
    const i = this.#count;

    let at = start;
    keyStart[i] = start;
    if (first === QUOTE) {
      const key = unescapeKey(bytes, start, this.#contentEnd(start));
      keyEnd[i] = key.keyEnd;
      at = key.next;
      if (this.#folds) this.#foldKey(start, key.keyEnd);
    } else {
      let byteClass = BYTE_CLASS[first];
      while (byteClass < COLON) {
        if (byteClass === UPPER && this.#folds) bytes[at] += 0x20;
        byteClass = ++at < end ? BYTE_CLASS[bytes[at]] : NEWLINE;
      }
      keyEnd[i] = at;
    }

    while (at < end && BYTE_CLASS[bytes[at]] === SPACE) at++;
    if (at < end && BYTE_CLASS[bytes[at]] === COLON) {
      at++;
      while (at < end && BYTE_CLASS[bytes[at]] === SPACE) at++;
    }
    valueStart[i] = at;
    while (at < end && BYTE_CLASS[bytes[at]] < NEWLINE) at++;
    valueEnd[i] = this.#trimmed(valueStart[i], at);
    const lineEnd = at < end && BYTE_CLASS[bytes[at]] === NUL ? this.#lineEnd(start, at) : at;

    if (lineEnd - start > MAX_LINE) this.#drop('long-line', start, lineEnd);
    else if (keyEnd[i] - start > MAX_KEY) this.#drop('long-key', start, keyEnd[i]);
    else {
      this.#count = i + 1;
      this.#continuation = 'joined';
    }
    return lineEnd + 1;
  }

  #readContinuation(start: number): number {
    const { bytes } = this;
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
    const { keyStart, keyEnd, valueStart, valueEnd } = this.#columns;
    const i = this.#count - 1;
    const joinedEnd = valueEnd[i] + 1 + contentEnd - contentStart;
    if (joinedEnd - valueStart[i] > MAX_JOINED_VALUE) {
      this.#count--;
      this.#drop('long-value', keyStart[i], keyEnd[i]);
      return;
    }
    this.bytes[valueEnd[i]] = BLANK;
    this.bytes.copyWithin(valueEnd[i] + 1, contentStart, contentEnd);
    valueEnd[i] = joinedEnd;
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
    const newline = this.bytes.indexOf(LF, from);
    const lineEnd = newline < 0 || newline > this.#end ? this.#end : newline;
    const last = start + MAX_LINE;
    return lineEnd > last && this.bytes.subarray(from, last + 1).includes(0) ? last : lineEnd;
  }

  /** Where the text of a line ends: before its NUL or newline, and the white space in front of that. */
  #contentEnd(start: number): number {
    let at = start;
    while (at < this.#end && BYTE_CLASS[this.bytes[at]] < NEWLINE) at++;
    return this.#trimmed(start, at);
  }

  #trimmed(start: number, end: number): number {
    let at = end;
    while (at > start && BYTE_CLASS[this.bytes[at - 1]] === SPACE) at--;
    return at;
  }

  #foldKey(start: number, end: number): void {
    for (let at = start; at < end; at++) {
      if (BYTE_CLASS[this.bytes[at]] === UPPER) this.bytes[at] += 0x20;
    }
  }

  #newColumns(length: number): Columns {
    const column = () => this.#memory.numbers(this.#memory.reserve(4 * length), length);
    return { keyStart: column(), keyEnd: column(), valueStart: column(), valueEnd: column() };
  }

  #grow(): void {
    const old = this.#columns;
    const larger = this.#newColumns(2 * old.keyStart.length);
    larger.keyStart.set(old.keyStart);
    larger.keyEnd.set(old.keyEnd);
    larger.valueStart.set(old.valueStart);
    larger.valueEnd.set(old.valueEnd);
    this.#columns = larger;
  }
}
