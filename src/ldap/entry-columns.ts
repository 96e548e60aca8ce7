import type { AttributeSlots } from './attribute-slots.ts';
import { MalformedError, TAG } from './ber.ts';
import { LinearMemory } from './linear-memory.ts';
import { type Loops, loopsIn } from './loops.ts';

const IGNORED = -1;
/** A server has a handful of spellings; more than this and something else is going on. */
const MAX_SPELLINGS = 256;
/** Longer names are not known to the compiled loop. */
const MAX_NAME = 64;
/** Of most entries. */
const USUAL_LENGTH = 64 * 1024;
const RANGE = /^range=([0-9]+)-([0-9]+|\*)$/;

interface Spelling {
  readonly bytes: Buffer;
  /** A column, or IGNORED. */
  readonly column: number;
  /** For a ranged value: where the next piece starts; undefined when this was the last. */
  readonly next: number | undefined;
}

/** A part of an attribute's values, as Active Directory answers long ones. */
export interface OpenRange {
  readonly slot: number;
  /** The index of the first value that is missing. */
  readonly next: number;
}

/**
 * One search result entry as columns over the bytes it came in, or a copy of them: the values of column `c` are
 * `bytes[valueStart[i], valueEnd[i])` for `i` from `first[c]`, `count[c]` of them. Column `slot` has the values of the attribute,
 * column `slots.count + slot` those that came under an attribute option (`cn;lang-de`).
 *
 * Everything is overwritten by the next entry. No object is made for an entry or a value. A compiled loop decodes nearly all entries;
 * what it doesn't know is decoded here.
 */
export class EntryColumns {
  bytes: Uint8Array;
  /** Of the entry. */
  length = 0;
  dnStart = 0;
  dnEnd = 0;
  readonly first: Int32Array;
  readonly count: Int32Array;
  valueStart: Int32Array;
  valueEnd: Int32Array;
  /** Ranges that the server left open; empty for nearly every entry. */
  openRanges: OpenRange[] = [];
  /** Whether any value came under an attribute option. */
  hasOptions = false;
  /** Counts the entries decoded, so that what was worked out for one isn't taken for the next. */
  serial = 0;

  /** Where the entries are, and what is made of them. */
  readonly memory: LinearMemory;
  /** They know the columns of this object. */
  readonly loops: Loops;
  readonly #slots: AttributeSlots;
  readonly #known: KnownSpellings;
  readonly #dn: Int32Array;
  /** For an entry that came elsewhere than in the memory where compiled loops work. */
  #copy: Buffer;
  #source: Uint8Array;
  #isSourceHere = true;
  #values = 0;
  #spellings: Spelling[] = [];
  /** Where the contents of the element that was last entered end. */
  #end = 0;

  constructor(slots: AttributeSlots, memory = new LinearMemory()) {
    this.#slots = slots;
    this.memory = memory;
    this.loops = loopsIn(memory);
    this.#known = new KnownSpellings(memory, this.loops);
    this.#dn = memory.numbers(2);
    this.first = memory.numbers(slots.count * 2);
    this.count = memory.numbers(slots.count * 2);
    this.#copy = memory.bytes(USUAL_LENGTH);
    this.#source = this.#copy;
    this.bytes = this.#copy;
    this.valueStart = memory.numbers(USUAL_LENGTH / 2);
    this.valueEnd = memory.numbers(USUAL_LENGTH / 2);
    this.#setColumns();
  }

  /**
   * @param start the contents of the SearchResultEntry
   * @throws MalformedError
   */
  decode(bytes: Uint8Array, start: number, end: number): void {
    this.serial++;
    if (this.openRanges.length > 0) this.openRanges = [];
    this.hasOptions = false;
    const length = end - start;
    this.length = length;
    // A value has two bytes at least.
    if (length > this.valueStart.length * 2) this.#growValues(Math.ceil(length / 2));
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#isSourceHere = this.memory.holds(bytes);
    }
    if (this.#isSourceHere) {
      this.bytes = bytes;
      this.#decode(start, end);
    } else {
      if (length > this.#copy.length) this.#copy = this.memory.bytes(length);
      this.#copy.set(bytes.subarray(start, end));
      this.bytes = this.#copy;
      this.#decode(0, length);
    }
  }

  #decode(start: number, end: number): void {
    if (this.loops.decodeEntry(this.bytes.byteOffset, start, end)) {
      this.dnStart = this.#dn[0];
      this.dnEnd = this.#dn[1];
    } else {
      this.#decodeAny(start, end);
    }
  }

  #setColumns(): void {
    const { first, count, valueStart, valueEnd } = this;
    this.loops.setColumns(
      this.#dn.byteOffset,
      count.length,
      first.byteOffset,
      count.byteOffset,
      valueStart.byteOffset,
      valueEnd.byteOffset,
    );
  }

  /** For an entry that isn't like those before, or malformed. */
  #decodeAny(start: number, end: number): void {
    this.#values = 0;
    this.count.fill(0);
    this.dnStart = this.#enter(start, end, TAG.octetString);
    this.dnEnd = this.#end;
    let at = this.#enter(this.dnEnd, end, TAG.sequence);
    const attributesEnd = this.#end;
    if (attributesEnd !== end) throw new MalformedError('bytes after the attributes of an entry');
    let guess = 0;
    while (at < attributesEnd) {
      at = this.#enter(at, attributesEnd, TAG.sequence);
      const attributeEnd = this.#end;
      const nameStart = this.#enter(at, attributeEnd, TAG.octetString);
      const nameEnd = this.#end;
      guess = this.#spelling(nameStart, nameEnd, guess);
      const spelling = this.#spellings[guess++];
      const valuesStart = this.#enter(nameEnd, attributeEnd, TAG.set);
      if (this.#end !== attributeEnd) throw new MalformedError('bytes after the values of an attribute');
      if (spelling.column !== IGNORED) this.#addValues(spelling, valuesStart, attributeEnd);
      at = attributeEnd;
    }
  }

  /** Whether the attribute has a value, with or without options. */
  has(slot: number): boolean {
    return this.count[slot] > 0 || (this.hasOptions && this.count[this.optionColumn(slot)] > 0);
  }

  /** The column of an attribute's values that came under options. */
  optionColumn(slot: number): number {
    return this.#slots.count + slot;
  }

  dn(): string {
    return Buffer.from(this.bytes.subarray(this.dnStart, this.dnEnd)).toString('utf8');
  }

  #addValues(spelling: Spelling, start: number, end: number): void {
    const { column } = spelling;
    if (column >= this.#slots.count) this.hasOptions = true;
    if (spelling.next !== undefined) this.openRanges.push({ slot: column, next: spelling.next });
    const before = this.count[column];
    const from = this.#values;
    if (before > 0) this.#repeatValues(this.first[column], before);
    let at = start;
    while (at < end) {
      const valueStart = this.#enter(at, end, TAG.octetString);
      if (this.#values === this.valueStart.length) this.#growValues();
      this.valueStart[this.#values] = valueStart;
      this.valueEnd[this.#values++] = this.#end;
      at = this.#end;
    }
    this.first[column] = from;
    this.count[column] = this.#values - from;
  }

  /** A column's values lie side by side; when more come under another spelling, the earlier ones move up to them. */
  #repeatValues(first: number, count: number): void {
    for (let i = first; i < first + count; i++) {
      if (this.#values === this.valueStart.length) this.#growValues();
      this.valueStart[this.#values] = this.valueStart[i];
      this.valueEnd[this.#values++] = this.valueEnd[i];
    }
  }

  #growValues(needed = 0): void {
    const start = this.memory.numbers(Math.max(needed, this.valueStart.length * 2));
    const end = this.memory.numbers(start.length);
    start.set(this.valueStart);
    end.set(this.valueEnd);
    this.valueStart = start;
    this.valueEnd = end;
    this.#setColumns();
  }

  /** Returns where the contents of the element at `at` start and leaves their end in `#end`. */
  #enter(at: number, end: number, tag: number): number {
    const { bytes } = this;
    if (at + 2 > end || bytes[at] !== tag) throw new MalformedError('an entry with unexpected contents');
    let start = at + 2;
    let length = bytes[at + 1];
    if (length >= 0x80) {
      const octets = length - 0x80;
      if (octets === 0 || octets > 4 || start + octets > end) throw new MalformedError('unusable length');
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + bytes[start + i];
      start += octets;
    }
    if (length > end - start) throw new MalformedError('an element longer than the entry');
    this.#end = start + length;
    return start;
  }

  /** The index of a name in `#spellings`. A server keeps an order, so the one after the last is nearly always right. */
  #spelling(start: number, end: number, guess: number): number {
    const spellings = this.#spellings;
    if (guess < spellings.length && this.#isSpelled(spellings[guess], start, end)) return guess;
    for (let i = 0; i < spellings.length; i++) {
      if (this.#isSpelled(spellings[i], start, end)) return i;
    }
    if (spellings.length >= MAX_SPELLINGS) {
      this.#spellings = [];
      this.#known.clear();
    }
    const spelling = this.#resolve(Buffer.from(this.bytes.subarray(start, end)));
    if (spelling.column < this.#slots.count && spelling.next === undefined)
      this.#known.add(spelling.bytes, spelling.column);
    return this.#spellings.push(spelling) - 1;
  }

  #isSpelled(spelling: Spelling, start: number, end: number): boolean {
    const name = spelling.bytes;
    const length = name.length;
    if (end - start !== length) return false;
    for (let i = 0; i < length; i++) if (this.bytes[start + i] !== name[i]) return false;
    return true;
  }

  #resolve(bytes: Buffer): Spelling {
    const description = bytes.toString('latin1').toLowerCase();
    const exact = this.#slots.find(description);
    if (exact !== undefined) return { bytes, column: exact, next: undefined };

    const [name, ...options] = description.split(';');
    const slot = this.#slots.find(name);
    if (slot === undefined) return { bytes, column: IGNORED, next: undefined };
    for (const option of options) {
      const range = RANGE.exec(option);
      if (range === null) continue;
      return { bytes, column: slot, next: range[2] === '*' ? undefined : Number(range[2]) + 1 };
    }
    return { bytes, column: this.#slots.count + slot, next: undefined };
  }
}

/** Those that mean nothing but a column, where the compiled loop looks for them. */
class KnownSpellings {
  readonly #loops: Loops;
  readonly #names: Buffer;
  /** For each the address of its name, the length of that, and the column. */
  readonly #numbers: Int32Array;
  #count = 0;

  constructor(memory: LinearMemory, loops: Loops) {
    this.#loops = loops;
    this.#names = memory.bytes(MAX_SPELLINGS * MAX_NAME);
    this.#numbers = memory.numbers(MAX_SPELLINGS * 3);
    this.clear();
  }

  clear(): void {
    this.#count = 0;
    this.#loops.setSpellings(this.#numbers.byteOffset, 0);
  }

  add(name: Buffer, column: number): void {
    if (name.length > MAX_NAME) return;
    const at = this.#count * MAX_NAME;
    this.#names.set(name, at);
    this.#numbers.set([this.#names.byteOffset + at, name.length, column], this.#count * 3);
    this.#loops.setSpellings(this.#numbers.byteOffset, ++this.#count);
  }
}
