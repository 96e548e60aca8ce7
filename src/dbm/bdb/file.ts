import { DbmError } from '../error.ts';
import type { DbmFile, OpenOptions, Statistics } from '../format.ts';
import type { Pairs } from '../pairs.ts';
import { PairsBuilder } from '../pairs-builder.ts';
import { hashKey } from './hash.ts';
import { HashPage } from './hash-page.ts';
import { LongItems } from './long-items.ts';
import { bucketOf, bucketPage } from './meta.ts';
import { PageFile } from './page-file.ts';
import { readBack } from './read-back.ts';
import { statistics } from './statistics.ts';
import { verify } from './verify.ts';

/** Offsets in `Pairs` have 32 bits. */
const LARGEST_POOL = 2 ** 32 - 1;

/** An open Berkeley DB hash file, version 8 or 9, of either byte order. */
export class BdbFile implements DbmFile {
  readonly format = 'bdb';
  readonly path: string;
  readonly #terminated: boolean | undefined;
  readonly #file: PageFile;
  readonly #page: HashPage;
  readonly #longItems: LongItems;

  /** @throws DbmError when the file can't be read or isn't of this format */
  constructor(path: string, options: OpenOptions = {}) {
    this.path = path;
    this.#terminated = options.terminated;
    this.#file = new PageFile(path);
    this.#page = new HashPage(this.#file);
    this.#longItems = new LongItems(this.#file);
  }

  /** Reads the pages of the key's bucket. Unless the file is known to be of one kind, a key with a NUL goes first. */
  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#terminated !== false) {
      const terminated = new Uint8Array(key.length + 1);
      terminated.set(key);
      const value = this.#find(terminated);
      if (value !== undefined) return value.at(-1) === 0 ? value.subarray(0, -1) : value;
    }
    return this.#terminated === true ? undefined : this.#find(key);
  }

  pairs(): Pairs {
    const builder = new PairsBuilder(this.path, Math.min(this.#file.size, LARGEST_POOL));
    this.#forEachPage((page) => {
      for (let i = 0; i < page.items; i += 2) {
        const long = page.offPage[i] !== 0 || page.offPage[i + 1] !== 0;
        if (long) this.#addLong(builder, i);
        else
          this.#add(
            builder,
            page.bytes,
            page.start[i],
            page.end[i],
            page.bytes,
            page.start[i + 1],
            page.end[i + 1],
          );
      }
    });
    return builder.finish();
  }

  readBack(pairs: Pairs): void {
    readBack(this.#file, pairs, this.#terminated);
  }

  verify(): void {
    verify(this.#file);
  }

  statistics(): Statistics {
    return statistics(this.#file);
  }

  close(): void {
    this.#file.close();
  }

  #find(key: Uint8Array): Uint8Array | undefined {
    const page = this.#page;
    const { meta } = this.#file;
    const bucket = bucketOf(meta, hashKey(key, 0, key.length, false));
    let previous = 0;
    for (let number = bucketPage(meta, bucket); number !== 0; number = page.next) {
      page.load(number, previous);
      for (let i = 0; i < page.items; i += 2) if (this.#isKey(i, key)) return this.#item(i + 1);
      previous = number;
    }
    return undefined;
  }

  #isKey(i: number, key: Uint8Array): boolean {
    const page = this.#page;
    if (page.offPage[i] !== 0) {
      return page.total[i] === key.length && equal(this.#longItems.read(page.offPage[i], page.total[i]), key);
    }
    return (
      page.end[i] - page.start[i] === key.length &&
      equal(page.bytes.subarray(page.start[i], page.end[i]), key)
    );
  }

  /** A copy of an item. */
  #item(i: number): Uint8Array {
    const page = this.#page;
    if (page.offPage[i] !== 0) return this.#longItems.read(page.offPage[i], page.total[i]);
    return page.bytes.slice(page.start[i], page.end[i]);
  }

  #forEachPage(visit: (page: HashPage) => void): void {
    const { meta } = this.#file;
    for (let bucket = 0; bucket <= meta.maxBucket; bucket++) {
      let previous = 0;
      for (let number = bucketPage(meta, bucket); number !== 0; number = this.#page.next) {
        this.#page.load(number, previous);
        visit(this.#page);
        previous = number;
      }
    }
  }

  #addLong(builder: PairsBuilder, i: number): void {
    const key = this.#item(i);
    const value = this.#item(i + 1);
    this.#add(builder, key, 0, key.length, value, 0, value.length);
  }

  /** Without the NULs, where the key has one. */
  #add(
    builder: PairsBuilder,
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const terminated = this.#terminated !== false && keyEnd > keyStart && keyBytes[keyEnd - 1] === 0;
    const nul = terminated ? 1 : 0;
    const valueNul = terminated && valueEnd > valueStart && valueBytes[valueEnd - 1] === 0 ? 1 : 0;
    if (builder.lacksRoom(keyEnd - keyStart + valueEnd - valueStart)) {
      throw new DbmError(
        this.path,
        'more bytes in keys and values than in the file, or than a table can hold',
      );
    }
    builder.key(keyBytes, keyStart, keyEnd - nul);
    builder.value(valueBytes, valueStart, valueEnd - valueNul);
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
