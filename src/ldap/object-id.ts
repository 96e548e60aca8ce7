import { createHash } from 'node:crypto';
import { normalizedDn } from './dn.ts';
import type { EntryColumns } from './entry-columns.ts';
import type { ServerKind } from './matching-rules.ts';
import type { DirectorySettings } from './types.ts';

/** Bytes of an id. */
export const ID_LENGTH = 16;

const HYPHEN = 0x2d;
/** Of a UUID as text. */
const UUID_LENGTH = 36;

const digitValue = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  digitValue[digit.toString(16).charCodeAt(0)] = digit;
  digitValue[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** The attribute that names an object for good. */
export function idAttribute(settings: DirectorySettings, server: ServerKind): string {
  return settings.idAttribute ?? (server === 'activeDirectory' ? 'objectGUID' : 'entryUUID');
}

/** Reads the 16 bytes by which an object is known from one extraction to the next. */
export class ObjectIds {
  readonly #slot: number;
  readonly #id = new Uint8Array(ID_LENGTH);

  /** @param slot the id attribute */
  constructor(slot: number) {
    this.#slot = slot;
  }

  /** @returns bytes that the next call overwrites */
  read(entry: EntryColumns): Uint8Array {
    const { bytes } = entry;
    if (entry.count[this.#slot] > 0) {
      const value = entry.first[this.#slot];
      writeId(bytes, entry.valueStart[value], entry.valueEnd[value], this.#id);
    } else {
      this.#id.set(digest(normalizedDn(bytes, entry.dnStart, entry.dnEnd)));
    }
    return this.#id;
  }
}

/** The UUID of an id, as text. */
export function uuidText(id: Uint8Array): string {
  const digits = Buffer.from(id).toString('hex');
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ].join('-');
}

/** The id that a value of the id attribute stands for: 16 bytes as they are, a UUID's text parsed (RFC 4530), anything else hashed. */
export function idOf(value: Uint8Array): Uint8Array {
  const id = new Uint8Array(ID_LENGTH);
  writeId(value, 0, value.length, id);
  return id;
}

function writeId(bytes: Uint8Array, start: number, end: number, id: Uint8Array): void {
  if (end - start === ID_LENGTH) {
    for (let i = 0; i < ID_LENGTH; i++) id[i] = bytes[start + i];
  } else if (end - start !== UUID_LENGTH || !writeUuid(bytes, start, id)) {
    id.set(digest(bytes.subarray(start, end)));
  }
}

/** @returns false for what is no UUID */
function writeUuid(bytes: Uint8Array, start: number, id: Uint8Array): boolean {
  let at = start;
  for (let i = 0; i < ID_LENGTH; i++) {
    if ((i === 4 || i === 6 || i === 8 || i === 10) && bytes[at++] !== HYPHEN) return false;
    const high = digitValue[bytes[at++]];
    const low = digitValue[bytes[at++]];
    if (high < 0 || low < 0) return false;
    id[i] = high * 16 + low;
  }
  return true;
}

function digest(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest().subarray(0, ID_LENGTH);
}
