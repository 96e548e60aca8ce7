import { addressFault, isLetterOrDigit, lastAtSign, lowerCase, lowerCaseAscii } from './address.ts';
import type { EntryColumns } from './entry-columns.ts';
import { Scratch } from './scratch.ts';

const COLON = 0x3a;
const SMTP = Buffer.from('smtp:');
const PRIMARY = Buffer.from('SMTP:');

const NONE = -1;
/** Of addresses that an entry has. */
const USUAL_COUNT = 1024;

/** An attribute with addresses. */
export interface AddressSlot {
  readonly slot: number;
  /**
   * Whether an address has `smtp:` in front, as in proxyAddresses, where `SMTP:` marks the primary one. Elsewhere the prefix may
   * be there.
   */
  readonly needsPrefix: boolean;
}

/**
 * The addresses of one entry, lower-cased, as columns over the scratch buffer: address `i` is `scratch.bytes[start[i], end[i])` with its
 * prefix off, `at[i]` the place of its `@`. They are in the order of the values, those of one address attribute after those of the
 * other, and lie side by side.
 *
 * A compiled loop reads nearly all entries; where one has a value that the loop does not know for an address, all are read here.
 */
export class Addresses {
  readonly scratch: Scratch;
  count = 0;
  start: Int32Array;
  at: Int32Array;
  end: Int32Array;
  /** What is wrong with an address that can't be used. */
  readonly faults: (string | undefined)[] = [];
  /** How many values are no addresses. */
  otherKinds = 0;

  readonly #entry: EntryColumns;
  readonly #slots: readonly AddressSlot[];
  /** What the compiled loop found; see `setAddressColumns`. */
  readonly #found: Int32Array;
  #primary = NONE;
  #serial = 0;
  /** Where the addresses end in the scratch buffer. */
  #used = 0;

  /**
   * @param slots none when no template needs an address. The primary address is the one with `SMTP:`; where there is none, the
   *   smallest of the first attribute that needs no prefix and has any.
   */
  constructor(entry: EntryColumns, slots: readonly AddressSlot[]) {
    const { memory, loops } = entry;
    this.scratch = new Scratch(memory, loops);
    this.#entry = entry;
    this.#slots = slots;
    this.#found = memory.numbers(4);
    this.start = memory.numbers(USUAL_COUNT);
    this.at = memory.numbers(USUAL_COUNT);
    this.end = memory.numbers(USUAL_COUNT);
    this.#setColumns();
  }

  /** The index of the primary address, an unusable one too, or -1: of several the smallest by bytes. */
  get primary(): number {
    return this.#primary;
  }

  /** Whether all can be used. */
  get areUsable(): boolean {
    return this.faults.length === 0;
  }

  /** Reads the entry's addresses to the beginning of the scratch buffer, once for each entry, and frees what is behind them. */
  read(): void {
    const { serial } = this.#entry;
    if (serial !== this.#serial) {
      this.#serial = serial;
      if (this.faults.length > 0) this.faults.length = 0;
      if (!this.#readKnown()) this.#readAny();
      this.#used = this.scratch.used;
    }
    this.scratch.used = this.#used;
  }

  /** @returns false when a value is not as most are */
  #readKnown(): boolean {
    this.#begin();
    const { scratch } = this;
    const { loops, bytes, count } = this.#entry;
    const found = this.#found;
    const base = bytes.byteOffset;
    const buffer = scratch.bytes.byteOffset;
    let marked = NONE;
    for (const { slot, needsPrefix } of this.#slots) {
      if (this.count + count[slot] > this.start.length) this.#grow(this.count + count[slot]);
      const addresses = loops.readAddresses(base, slot, needsPrefix, this.count, buffer, scratch.used);
      if (addresses < 0) return false;
      this.count = addresses;
      this.otherKinds += found[0];
      scratch.used = found[3];
      if (found[1] !== NONE) marked = this.#smaller(marked, found[1]);
      if (this.#primary === NONE) this.#primary = found[2];
    }
    if (marked !== NONE) this.#primary = marked;
    return true;
  }

  #readAny(): void {
    this.#begin();
    const entry = this.#entry;
    let marked = NONE;
    for (const { slot, needsPrefix } of this.#slots) {
      const first = entry.first[slot];
      let smallest = NONE;
      for (let value = first; value < first + entry.count[slot]; value++) {
        const i = this.count;
        if (i === this.start.length) this.#grow(i + 1);
        const start = entry.valueStart[value];
        const end = entry.valueEnd[value];
        if (!this.#readValue(i, entry.bytes, start, end, needsPrefix)) continue;
        this.count++;
        if (isMarked(entry.bytes, start, end)) marked = this.#smaller(marked, i);
        else if (!needsPrefix) smallest = this.#smaller(smallest, i);
      }
      if (this.#primary === NONE) this.#primary = smallest;
    }
    if (marked !== NONE) this.#primary = marked;
  }

  #begin(): void {
    this.count = 0;
    this.otherKinds = 0;
    this.#primary = NONE;
    this.scratch.used = 0;
    this.scratch.reserve(this.#entry.length);
  }

  /** @returns false for a value of another kind */
  #readValue(i: number, bytes: Uint8Array, start: number, end: number, needsPrefix: boolean): boolean {
    const hasPrefix = isSmtp(bytes, start, end);
    if (!hasPrefix && hasOtherPrefix(bytes, start, end)) {
      this.otherKinds++;
      return false;
    }
    const { scratch } = this;
    this.start[i] = scratch.used;
    scratch.append(bytes, hasPrefix ? start + SMTP.length : start, end);
    this.end[i] = scratch.used;
    lowerCaseAscii(scratch.bytes, this.start[i], this.end[i]);
    this.at[i] = lastAtSign(scratch.bytes, this.start[i], this.end[i]);
    const fault =
      !hasPrefix && needsPrefix
        ? 'no smtp: in front'
        : addressFault(scratch.bytes, this.start[i], this.end[i], this.at[i]);
    if (fault !== undefined) this.faults[i] = fault;
    return true;
  }

  #smaller(a: number, b: number): number {
    if (a < 0) return b;
    const { bytes } = this.scratch;
    const order = bytes.compare(bytes, this.start[b], this.end[b], this.start[a], this.end[a]);
    return order <= 0 ? a : b;
  }

  #grow(needed: number): void {
    const size = Math.max(needed, this.start.length * 2);
    this.start = this.#moved(this.start, size);
    this.at = this.#moved(this.at, size);
    this.end = this.#moved(this.end, size);
    this.#setColumns();
  }

  #setColumns(): void {
    const { start, at, end } = this;
    this.#entry.loops.setAddressColumns(
      start.byteOffset,
      at.byteOffset,
      end.byteOffset,
      this.#found.byteOffset,
    );
  }

  #moved(column: Int32Array, size: number): Int32Array {
    const larger = this.#entry.memory.numbers(size);
    larger.set(column);
    return larger;
  }
}

/** Whether the value starts with `smtp:`, in any case. */
export function isSmtp(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < SMTP.length) return false;
  for (let i = 0; i < SMTP.length; i++) if (lowerCase[bytes[start + i]] !== SMTP[i]) return false;
  return true;
}

/** The length of `smtp:`. */
export const SMTP_LENGTH = SMTP.length;

/** Whether there is a kind in front: X500, SIP, EUM, X400, and whatever else is made of letters and digits. */
function hasOtherPrefix(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (bytes[i] === COLON) return i > start;
    if (isLetterOrDigit[bytes[i]] === 0) return false;
  }
  return false;
}

/** Whether the value starts with `SMTP:`, in capitals. */
function isMarked(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < PRIMARY.length) return false;
  for (let i = 0; i < PRIMARY.length; i++) if (bytes[start + i] !== PRIMARY[i]) return false;
  return true;
}
