import { addressFault, copyAddress, isLetterOrDigit, lastAtSign, lowerCase } from './address.ts';
import type { EntryColumns } from './entry-columns.ts';
import type { Scratch } from './scratch.ts';

const COLON = 0x3a;
const SMTP = Buffer.from('smtp:');
const PRIMARY = Buffer.from('SMTP:');

/** What is done with a value of the address attribute. */
export const VALUE = { address: 0, otherKind: 1, unusable: 2 } as const;

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
 * The addresses of one entry, lower-cased, as columns over the scratch buffer. Value `i` of the address attributes, one after
 * the other, is `scratch.bytes[start[i], end[i])` with its prefix off, `at[i]` the place of its `@`.
 */
export class Addresses {
  readonly scratch: Scratch;
  count = 0;
  /** One of VALUE. */
  kind = new Uint8Array(64);
  start = new Int32Array(64);
  at = new Int32Array(64);
  end = new Int32Array(64);
  /** What is wrong with an unusable value. */
  readonly faults: (string | undefined)[] = [];
  otherKinds = 0;

  readonly #slots: readonly AddressSlot[];
  #primary = -1;
  #serial = 0;
  /** Where the addresses end in the scratch buffer. */
  #used = 0;

  /**
   * @param slots none when no template needs an address. The primary address is the one with `SMTP:`; where there is none, the
   *   smallest of the first attribute that needs no prefix and has any.
   */
  constructor(scratch: Scratch, slots: readonly AddressSlot[]) {
    this.scratch = scratch;
    this.#slots = slots;
  }

  /** The index of the primary address, an unusable one too, or -1: of several the smallest by bytes. */
  get primary(): number {
    return this.#primary;
  }

  /** Reads the entry's addresses to the beginning of the scratch buffer, once for each entry, and frees what is behind them. */
  read(entry: EntryColumns): void {
    if (entry.serial !== this.#serial) this.#readEntry(entry);
    this.scratch.used = this.#used;
  }

  #readEntry(entry: EntryColumns): void {
    this.#serial = entry.serial;
    this.scratch.used = 0;
    this.faults.length = 0;
    this.otherKinds = 0;
    this.#primary = -1;
    let marked = -1;
    this.count = 0;
    for (const { slot, needsPrefix } of this.#slots) {
      const before = this.count;
      const first = entry.first[slot] - before;
      this.count += entry.count[slot];
      if (this.count > this.start.length) this.#grow();
      let smallest = -1;
      for (let i = before; i < this.count; i++) {
        const isMarked = this.#readValue(
          i,
          entry.bytes,
          entry.valueStart[first + i],
          entry.valueEnd[first + i],
          needsPrefix,
        );
        if (this.kind[i] === VALUE.otherKind) continue;
        if (isMarked) marked = this.#smaller(marked, i);
        else if (!needsPrefix) smallest = this.#smaller(smallest, i);
      }
      if (this.#primary < 0) this.#primary = smallest;
    }
    if (marked >= 0) this.#primary = marked;
    this.#used = this.scratch.used;
  }

  /** @returns whether the value is marked as the primary address */
  #readValue(i: number, bytes: Uint8Array, start: number, end: number, needsPrefix: boolean): boolean {
    const hasPrefix = isSmtp(bytes, start, end);
    const isMarked = hasPrefix && bytes[start] === PRIMARY[0] && startsWith(PRIMARY, bytes, start);
    const from = hasPrefix ? start + SMTP.length : start;

    this.scratch.reserve(end - from);
    const target = this.scratch.bytes;
    const targetStart = this.scratch.used;
    const to = targetStart + end - from;
    this.scratch.used = to;
    this.start[i] = targetStart;
    this.end[i] = to;
    this.kind[i] = VALUE.address;
    this.at[i] = copyAddress(bytes, from, end, target, targetStart);
    if (hasPrefix && this.at[i] >= 0) return isMarked;

    this.at[i] = lastAtSign(target, targetStart, to);
    if (!hasPrefix && hasOtherPrefix(bytes, start, end)) {
      this.kind[i] = VALUE.otherKind;
      this.otherKinds++;
      return false;
    }
    const fault =
      !hasPrefix && needsPrefix ? 'no smtp: in front' : addressFault(target, targetStart, to, this.at[i]);
    if (fault !== undefined) {
      this.kind[i] = VALUE.unusable;
      this.faults[i] = fault;
    }
    return isMarked;
  }

  #smaller(a: number, b: number): number {
    if (a < 0) return b;
    const { bytes } = this.scratch;
    const order = bytes.compare(bytes, this.start[b], this.end[b], this.start[a], this.end[a]);
    return order <= 0 ? a : b;
  }

  #grow(): void {
    const size = Math.max(this.count, this.start.length * 2);
    const { kind, start, at, end } = this;
    this.kind = new Uint8Array(size);
    this.start = new Int32Array(size);
    this.at = new Int32Array(size);
    this.end = new Int32Array(size);
    this.kind.set(kind);
    this.start.set(start);
    this.at.set(at);
    this.end.set(end);
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

function startsWith(prefix: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}
