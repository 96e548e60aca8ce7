import { viewOf } from '../bytes.ts';
import type { Input } from '../input.ts';
import type { Bucket } from './bucket.ts';
import { forEachBucket, prefixOf } from './entries.ts';
import { hashKey } from './hash.ts';
import { availElements, getAddress, type Header } from './header.ts';
import {
  AVAIL,
  AVAIL_ELEMENT,
  BUCKET,
  BUCKET_AVAIL,
  ELEMENT,
  ELEMENT_SIZE,
  HEADER_SIZE,
  KEY_START,
} from './layout.ts';

/**
 * Checks the whole file: that every key is where a lookup goes for it, that the tables of free space are sound, and that
 * no two things lie on the same bytes.
 *
 * @throws DbmError naming the first fault
 */
export function verify(input: Input, header: Header): void {
  const bytes = input.bytes(0, input.size);
  checkLookups(input, header, bytes);
  new SpaceCheck(input, header, bytes).run();
}

/** Checks, in the file's own bytes, that every key is where a lookup goes for it. @throws DbmError naming the first fault */
export function checkLookups(input: Input, header: Header, bytes: Uint8Array): void {
  new LookupCheck(input, header, bytes).run();
}

class LookupCheck {
  readonly #input: Input;
  readonly #header: Header;
  readonly #bytes: Uint8Array;

  constructor(input: Input, header: Header, bytes: Uint8Array) {
    this.#input = input;
    this.#header = header;
    this.#bytes = bytes;
  }

  run(): void {
    forEachBucket(this.#input, this.#header, (bucket, prefix) => this.#checkElements(bucket, prefix));
  }

  #checkElements(bucket: Bucket, prefix: number): void {
    let found = 0;
    for (let element = 0; element < this.#header.bucketElements; element++) {
      if (bucket.isEmpty(element)) continue;
      found++;
      const start = bucket.entryAddress(element);
      const end = start + bucket.keySize(element);
      const hash = bucket.hash(element);
      const ofKey = hashKey(this.#bytes, start, end);
      if (hash !== ofKey) throw bucket.fault(element, 'has another hash than its key');
      if (prefixOf(hash, bucket.bits) !== prefix) throw bucket.fault(element, 'belongs into another bucket');
      const shown = bucket.address + BUCKET.elements + element * ELEMENT_SIZE + ELEMENT.keyStart;
      for (let i = 0; i < Math.min(KEY_START, end - start); i++) {
        if (this.#bytes[shown + i] !== this.#bytes[start + i])
          throw bucket.fault(element, 'shows another key than it has');
      }
      this.#checkSearch(bucket, element, start, end);
    }
    if (found !== bucket.count)
      throw bucket.fault(0, `the bucket has ${found} of its ${bucket.count} elements`);
  }

  /** A lookup has to meet this element first. */
  #checkSearch(bucket: Bucket, element: number, start: number, end: number): void {
    const elements = this.#header.bucketElements;
    const hash = bucket.hash(element);
    for (let at = hash % elements; at !== element; at = at + 1 === elements ? 0 : at + 1) {
      if (bucket.isEmpty(at)) throw bucket.fault(element, `hidden by element ${at}, which is empty`);
      if (bucket.hash(at) !== hash || bucket.keySize(at) !== end - start) continue;
      const other = bucket.entryAddress(at);
      const same = Buffer.compare(
        this.#bytes.subarray(start, end),
        this.#bytes.subarray(other, other + end - start),
      );
      if (same === 0) throw bucket.fault(element, `has the key of element ${at}`);
    }
  }
}

class SpaceCheck {
  readonly #input: Input;
  readonly #header: Header;
  readonly #bytes: Uint8Array;
  readonly #used: Uint8Array;

  constructor(input: Input, header: Header, bytes: Uint8Array) {
    this.#input = input;
    this.#header = header;
    this.#bytes = bytes;
    this.#used = input.allocate(input.size);
  }

  run(): void {
    const { blockSize, directory, directoryBits, bucketSize } = this.#header;
    this.#use(0, blockSize);
    this.#use(directory, 8 * 2 ** directoryBits);
    this.#checkAvailStack();
    forEachBucket(this.#input, this.#header, (bucket) => {
      this.#use(bucket.address, bucketSize);
      const free = bucket.view.getInt32(BUCKET.availCount, true);
      if (free < 0 || free > BUCKET_AVAIL)
        throw this.#input.fault(bucket.address, `${free} pieces of free space`);
      this.#checkAvail(bucket.address + BUCKET.avail, free);
      for (let element = 0; element < this.#header.bucketElements; element++) {
        if (bucket.isEmpty(element)) continue;
        this.#use(bucket.entryAddress(element), bucket.keySize(element) + bucket.valueSize(element));
      }
    });
  }

  /** The table in the header leads to further ones, each half as large. */
  #checkAvailStack(): void {
    const { avail, blockSize } = this.#header;
    const elements = availElements(blockSize, avail);
    const view = viewOf(this.#bytes);
    if (view.getInt32(avail + AVAIL.size, true) !== elements) {
      throw this.#input.fault(avail, 'a table of free space of another size than its block has');
    }
    let room = elements;
    for (let table = avail; ; ) {
      const count = view.getInt32(table + AVAIL.count, true);
      if (count < 0 || count > room)
        throw this.#input.fault(table + AVAIL.count, `${count} pieces of free space`);
      this.#checkAvail(table + AVAIL.elements, count);
      const next = getAddress(view, table + AVAIL.next);
      if (next === 0) return;
      const size = Math.floor((elements * AVAIL_ELEMENT) / 2) + AVAIL.elements + AVAIL_ELEMENT;
      if (next < HEADER_SIZE || next + size > this.#input.size) {
        throw this.#input.fault(table + AVAIL.next, `free space at byte ${next}`);
      }
      this.#use(next, size);
      room = Math.floor((size - AVAIL.elements) / AVAIL_ELEMENT);
      table = next;
    }
  }

  /** Free space may lie beyond the file's end, where older versions of gdbm have not written yet. */
  #checkAvail(at: number, count: number): void {
    const view = viewOf(this.#bytes);
    const { nextBlock, bucketSize } = this.#header;
    for (let i = 0; i < count; i++) {
      const element = at + i * AVAIL_ELEMENT;
      const size = view.getInt32(element, true);
      const address = getAddress(view, element + 8);
      if (size < 0 || address < bucketSize || address + size > nextBlock) {
        throw this.#input.fault(element, `free space of ${size} bytes at byte ${address}`);
      }
      this.#use(address, Math.max(0, Math.min(size, this.#input.size - address)));
    }
  }

  #use(start: number, size: number): void {
    const place = this.#used.subarray(start, start + size);
    const twice = place.indexOf(1);
    if (twice >= 0) throw this.#input.fault(start + twice, 'two things lie on these bytes');
    place.fill(1);
  }
}
