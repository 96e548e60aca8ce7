import { createHash } from 'node:crypto';
import { normalizedDn } from './dn.ts';
import type { EntryColumns } from './entry-columns.ts';
import type { ServerKind } from './matching-rules.ts';
import type { DirectorySettings, IdForm } from './types.ts';

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
  readonly #entry: EntryColumns;
  readonly #slot: number;
  readonly #id: Uint8Array;
  #form: IdForm | undefined;

  /** @param slot the id attribute */
  constructor(entry: EntryColumns, slot: number) {
    this.#entry = entry;
    this.#slot = slot;
    this.#id = entry.memory.bytes(ID_LENGTH);
  }

  /** Of the id that was read last. */
  get form(): IdForm | undefined {
    return this.#form;
  }

  /** Of the entry that was decoded last. @returns bytes that the next call overwrites */
  read(): Uint8Array {
    const entry = this.#entry;
    const { bytes } = entry;
    if (entry.count[this.#slot] > 0) {
      const value = entry.first[this.#slot];
      const start = entry.valueStart[value];
      const end = entry.valueEnd[value];
      const isUuid =
        end - start === UUID_LENGTH && entry.loops.readUuid(bytes.byteOffset + start, this.#id.byteOffset);
      this.#form = isUuid ? 'uuid' : writeId(bytes, start, end, this.#id);
    } else {
      this.#form = 'digest';
      this.#id.set(digest(normalizedDn(bytes, entry.dnStart, entry.dnEnd)));
    }
    return this.#id;
  }
}

/**
 * An id as the server's own tools write it, and find it: of a GUID the first three groups are numbers, their lowest byte first (MS-DTYP,
 * 2.3.4.2), of a UUID all bytes stand as they are (RFC 4122). Empty for a digest, which nobody but this program knows.
 */
export function idText(id: Uint8Array, form: IdForm | undefined): string {
  if (form === undefined || form === 'digest') return '';
  const bytes = Buffer.from(id);
  if (form === 'guid') {
    bytes.subarray(0, 4).swap32();
    bytes.subarray(4, 6).swap16();
    bytes.subarray(6, 8).swap16();
  }
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The id that a value of the id attribute stands for: 16 bytes as they are, a UUID's text parsed (RFC 4530), anything else hashed. */
export function idOf(value: Uint8Array): Uint8Array {
  const id = new Uint8Array(ID_LENGTH);
  writeId(value, 0, value.length, id);
  return id;
}

function writeId(bytes: Uint8Array, start: number, end: number, id: Uint8Array): IdForm {
  if (end - start === ID_LENGTH) {
    for (let i = 0; i < ID_LENGTH; i++) id[i] = bytes[start + i];
    return 'guid';
  }
  if (end - start === UUID_LENGTH && writeUuid(bytes, start, id)) return 'uuid';
  id.set(digest(bytes.subarray(start, end)));
  return 'digest';
}

/** @returns false for what is no UUID; then what is written means nothing */
function writeUuid(bytes: Uint8Array, start: number, id: Uint8Array): boolean {
  let at = start;
  let digits = 0;
  for (let i = 0; i < ID_LENGTH; i++) {
    if ((i === 4 || i === 6 || i === 8 || i === 10) && bytes[at++] !== HYPHEN) return false;
    const byte = (digitValue[bytes[at]] << 4) | digitValue[bytes[at + 1]];
    at += 2;
    digits |= byte;
    id[i] = byte;
  }
  return digits >= 0;
}

function digest(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest().subarray(0, ID_LENGTH);
}
