import { viewOf } from '../bytes.ts';
import { findKey } from '../find-key.ts';
import type { DbmFile, OpenOptions, Statistics } from '../format.ts';
import { Input } from '../input.ts';
import type { Pairs } from '../pairs.ts';
import { checkSameEntries } from '../same-entries.ts';
import { hashKey } from './hash.ts';
import { type Header, readHeader } from './header.ts';
import { chainHead, DEAD, RECORD, RECORD_HEADER, USED } from './layout.ts';
import { type Records, readRecords } from './records.ts';
import { checkChains, checkKeys } from './verify.ts';

/** An open tdb file, of either byte order, with tdb's first hash function. */
export class TdbFile implements DbmFile {
  readonly format = 'tdb';
  readonly path: string;
  readonly #terminated: boolean | undefined;
  readonly #input: Input;
  readonly #header: Header;

  /** @throws DbmError when the file can't be read or isn't of this format */
  constructor(path: string, options: OpenOptions = {}) {
    this.path = path;
    this.#terminated = options.terminated;
    this.#input = new Input(path);
    try {
      this.#header = readHeader(this.#input);
    } catch (error) {
      this.#input.close();
      throw error;
    }
  }

  /** Follows the key's chain. */
  get(key: Uint8Array): Uint8Array | undefined {
    return findKey(key, this.#terminated, (stored) => this.#find(stored));
  }

  pairs(): Pairs {
    return this.#records().pairs;
  }

  readBack(pairs: Pairs): void {
    const records = this.#records();
    checkSameEntries(this.path, records.pairs, pairs);
    checkChains(this.#input, this.#header, records);
  }

  verify(): void {
    const records = this.#records();
    checkChains(this.#input, this.#header, records);
    checkKeys(this.#input, records);
  }

  statistics(): Statistics {
    const { pairs, dead, free } = this.#records();
    return {
      entries: pairs.count,
      bytes: this.#input.size,
      detail: {
        'hash size': this.#header.hashSize,
        'dead records': dead.length,
        'free records': free.length,
      },
    };
  }

  close(): void {
    this.#input.close();
  }

  #records(): Records {
    return readRecords(this.#input, this.#header, this.#terminated);
  }

  /** A chain that leads back to itself is met again by the record that waits at every power of two of steps. */
  #find(key: Uint8Array): Uint8Array | undefined {
    const hash = hashKey(key, 0, key.length);
    const little = !this.#header.bigEndian;
    const head = viewOf(this.#input.bytes(chainHead(hash % this.#header.hashSize), 4));
    let waiting = 0;
    let from = chainHead(hash % this.#header.hashSize);
    for (let record = head.getUint32(0, little), steps = 1; record !== 0; steps++) {
      if (record === waiting) throw this.#input.fault(from, 'the chain leads back to itself');
      if ((steps & (steps - 1)) === 0) waiting = record;
      if (record < this.#header.records || record + RECORD_HEADER > this.#input.size) {
        throw this.#input.fault(from, `leads to byte ${record}, where no record can be`);
      }
      const view = viewOf(this.#input.bytes(record, RECORD_HEADER));
      const value = this.#valueOf(record, view, hash, key);
      if (value !== undefined) return value;
      from = record;
      record = view.getUint32(RECORD.next, little);
    }
    return undefined;
  }

  /** The value of a record, if that is the one of `key`. */
  #valueOf(record: number, view: DataView, hash: number, key: Uint8Array): Uint8Array | undefined {
    const little = !this.#header.bigEndian;
    const magic = view.getUint32(RECORD.magic, little);
    if (magic !== USED && magic !== DEAD)
      throw this.#input.fault(record, 'a chain leads to what is no record');
    const keyLength = view.getUint32(RECORD.key, little);
    if (magic === DEAD || view.getUint32(RECORD.hash, little) !== hash || keyLength !== key.length)
      return undefined;
    const start = record + RECORD_HEADER;
    const valueLength = view.getUint32(RECORD.value, little);
    if (start + keyLength + valueLength > this.#input.size) {
      throw this.#input.fault(record, 'the record is longer than the file');
    }
    if (Buffer.compare(this.#input.bytes(start, keyLength), key) !== 0) return undefined;
    return this.#input.bytes(start + keyLength, valueLength);
  }
}
