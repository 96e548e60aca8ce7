import { viewOf } from '../bytes.ts';
import { findKey } from '../find-key.ts';
import type { DbmFile, OpenOptions, Statistics } from '../format.ts';
import { Input } from '../input.ts';
import type { Pairs } from '../pairs.ts';
import { checkSameEntries } from '../same-entries.ts';
import { Bucket } from './bucket.ts';
import { forEachBucket, prefixOf, readEntries } from './entries.ts';
import { hashKey } from './hash.ts';
import { getAddress, type Header, readHeader } from './header.ts';
import { checkLookups, verify } from './verify.ts';

/** An open gdbm file with 64-bit offsets, little-endian. */
export class GdbmFile implements DbmFile {
  readonly format = 'gdbm';
  readonly path: string;
  readonly #terminated: boolean | undefined;
  readonly #input: Input;
  readonly #header: Header;
  readonly #bucket: Bucket;

  /** @throws DbmError when the file can't be read or isn't of this format */
  constructor(path: string, options: OpenOptions = {}) {
    this.path = path;
    this.#terminated = options.terminated;
    this.#input = new Input(path);
    try {
      this.#header = readHeader(this.#input);
      this.#bucket = new Bucket(this.#input, this.#header);
    } catch (error) {
      this.#input.close();
      throw error;
    }
  }

  /** Reads the key's bucket and the entries it leads to. */
  get(key: Uint8Array): Uint8Array | undefined {
    return findKey(key, this.#terminated, (stored) => this.#find(stored));
  }

  pairs(): Pairs {
    return readEntries(this.#input, this.#header, this.#terminated);
  }

  readBack(pairs: Pairs): void {
    const stored = this.pairs();
    checkSameEntries(this.path, stored, pairs);
    checkLookups(this.#input, this.#header, stored.pool);
  }

  verify(): void {
    verify(this.#input, this.#header);
  }

  statistics(): Statistics {
    let entries = 0;
    let buckets = 0;
    forEachBucket(this.#input, this.#header, (bucket) => {
      entries += bucket.count;
      buckets++;
    });
    return {
      entries,
      bytes: this.#input.size,
      detail: {
        'block size': this.#header.blockSize,
        'directory entries': 2 ** this.#header.directoryBits,
        buckets,
        'elements a bucket': this.#header.bucketElements,
      },
    };
  }

  close(): void {
    this.#input.close();
  }

  #find(key: Uint8Array): Uint8Array | undefined {
    const { directory, directoryBits, bucketElements } = this.#header;
    const bucket = this.#bucket;
    const hash = hashKey(key, 0, key.length);
    const entry = this.#input.bytes(directory + 8 * prefixOf(hash, directoryBits), 8);
    bucket.load(getAddress(viewOf(entry), 0));
    const home = hash % bucketElements;
    let element = home;
    do {
      if (bucket.isEmpty(element)) return undefined;
      if (bucket.hash(element) === hash && bucket.keySize(element) === key.length) {
        const address = bucket.entryAddress(element);
        if (Buffer.compare(this.#input.bytes(address, key.length), key) === 0) {
          return this.#input.bytes(address + key.length, bucket.valueSize(element));
        }
      }
      element = element + 1 === bucketElements ? 0 : element + 1;
    } while (element !== home);
    return undefined;
  }
}
