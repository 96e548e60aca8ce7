import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { DbmFile, OpenOptions, Statistics } from '../format.ts';
import { Input } from '../input.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { checkSameEntries } from '../same-entries.ts';
import { sortedByKey } from '../sorting/sorted-by-key.ts';
import { hashKey, hashKeys } from './hash.ts';
import { type Header, readHeader } from './header.ts';
import { HEADER_SIZE, RECORD_HEADER, SLOT_SIZE, TABLES } from './layout.ts';
import { type Records, readRecords } from './records.ts';
import { checkTables } from './verify.ts';

/** Slots that a lookup reads at a time. */
const SLOTS_READ = 64;

/** An open cdb file. */
export class CdbFile implements DbmFile {
  readonly format = 'cdb';
  readonly path: string;
  readonly #terminated: boolean;
  readonly #input: Input;
  readonly #header: Header;

  /** @throws DbmError when the file can't be read or isn't of this format */
  constructor(path: string, options: OpenOptions = {}) {
    this.path = path;
    this.#terminated = options.terminated ?? false;
    this.#input = new Input(path);
    try {
      const header = readHeader(this.#input.bytes(0, HEADER_SIZE), this.#input.size);
      if (header === undefined)
        throw new DbmError(path, 'not a cdb file, or truncated: its hash tables do not end where it does');
      this.#header = header;
    } catch (error) {
      this.#input.close();
      throw error;
    }
  }

  /** Reads the key's slots and the records that they lead to. */
  get(key: Uint8Array): Uint8Array | undefined {
    const nul = this.#terminated ? 1 : 0;
    const stored = new Uint8Array(key.length + nul);
    stored.set(key);
    const hash = hashKey(stored, 0, stored.length);
    const position = this.#header.position[hash & 255];
    const slots = this.#header.slots[hash & 255];
    if (slots === 0) return undefined;
    const first = (hash >>> 8) % slots;
    for (let probed = 0; probed < slots; ) {
      const slot = (first + probed) % slots;
      const count = Math.min(SLOTS_READ, slots - slot, slots - probed);
      const view = viewOf(this.#input.bytes(position + slot * SLOT_SIZE, count * SLOT_SIZE));
      for (let i = 0; i < count; i++) {
        const record = view.getUint32(i * SLOT_SIZE + 4, true);
        if (record === 0) return undefined;
        if (view.getUint32(i * SLOT_SIZE, true) !== hash) continue;
        const value = this.#valueAt(record, stored);
        if (value !== undefined) return value.subarray(0, value.length - nul);
      }
      probed += count;
    }
    return undefined;
  }

  pairs(): Pairs {
    const { pairs } = this.#records();
    this.#refuseRepeated(pairs);
    return pairs;
  }

  readBack(pairs: Pairs): void {
    const records = this.#records();
    checkSameEntries(this.path, records.pairs, pairs);
    this.#checkTables(records);
  }

  verify(): void {
    const records = this.#records();
    this.#checkTables(records);
    this.#refuseRepeated(records.pairs);
  }

  statistics(): Statistics {
    const { pairs } = this.#records();
    let slots = 0;
    let longest = 0;
    for (let table = 0; table < TABLES; table++) {
      slots += this.#header.slots[table];
      longest = Math.max(longest, this.#header.slots[table]);
    }
    return {
      entries: pairs.count,
      bytes: this.#input.size,
      detail: {
        'hash slots': slots,
        'hash slots of the largest table': longest,
        'bytes of records': this.#header.recordsEnd,
      },
    };
  }

  close(): void {
    this.#input.close();
  }

  #records(): Records {
    return readRecords(this.#input, this.#header, this.#terminated);
  }

  #checkTables({ pairs, positions }: Records): void {
    checkTables(this.#input, this.#header, hashKeys(pairs, this.#terminated), positions);
  }

  #refuseRepeated(pairs: Pairs): void {
    sortedByKey(
      this.path,
      pairs,
      (key) => new DbmError(this.path, `holds several values for the key ${printable(key)}; a table can't`),
    );
  }

  /** The value of the record at `position`, if that is the one of `key`. */
  #valueAt(position: number, key: Uint8Array): Uint8Array | undefined {
    const { recordsEnd } = this.#header;
    if (position < HEADER_SIZE || position + RECORD_HEADER > recordsEnd) {
      throw this.#input.fault(position, 'a slot leads here, where no record can be');
    }
    const lengths = viewOf(this.#input.bytes(position, RECORD_HEADER));
    const start = position + RECORD_HEADER;
    const keyLength = lengths.getUint32(0, true);
    const valueLength = lengths.getUint32(4, true);
    if (start + keyLength + valueLength > recordsEnd) {
      throw this.#input.fault(position, 'the record is longer than the file');
    }
    if (keyLength !== key.length || Buffer.compare(this.#input.bytes(start, keyLength), key) !== 0)
      return undefined;
    if (this.#terminated && valueLength === 0) throw this.#input.fault(position, 'the value lacks its NUL');
    return this.#input.bytes(start + keyLength, valueLength);
  }
}
