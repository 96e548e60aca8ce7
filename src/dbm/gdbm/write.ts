import { viewOf } from '../bytes.ts';
import { EntryWriter } from '../entry-writer.ts';
import { DbmError } from '../error.ts';
import { rememberOrder } from '../file-order.ts';
import type { WriteOptions } from '../format.ts';
import { measure } from '../limits.ts';
import { createFile, type Output, type OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { readBackOf } from '../read-back.ts';
import { sortByHash } from '../sort-by-hash.ts';
import { GdbmFile } from './file.ts';
import { hashKeys } from './hash.ts';
import { headerBlock, putAddress } from './header.ts';
import { BUCKET, bucketElements, ELEMENT, ELEMENT_SIZE, EMPTY, HASH_BITS, KEY_START } from './layout.ts';
import { limits } from './limits.ts';
import { type Plan, planBuckets } from './plan.ts';

/**
 * `Format.write` for gdbm: header, directory, buckets, then keys and values in the order of their hashes. There is no
 * free space in it, so nothing of gdbm's own tables of it either.
 */
export async function writeGdbm(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  const { keys, values } = measure(path, pairs, terminated, limits);
  const hashes = hashKeys(pairs, terminated);
  const { order, repeated } = sortByHash(pairs, hashes, HASH_BITS);
  if (repeated >= 0) {
    const key = pairs.pool.subarray(pairs.keyStart[repeated], pairs.keyEnd[repeated]);
    throw new DbmError(path, `the key ${printable(key)} is there twice`);
  }
  const sorted = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) sorted[i] = hashes[order[i]];
  const plan = planBuckets(sorted);
  if (plan === undefined) throw new DbmError(path, 'too many keys have the same hash for gdbm');
  await createFile(
    path,
    (output) => new GdbmWriter(output, pairs, terminated, order, sorted, plan).write(keys + values),
    readBackOf((as) => new GdbmFile(path, as), pairs, { ...options, terminated }),
  );
}

const NOTHING = new Uint8Array(0);

class GdbmWriter {
  readonly #output: Output;
  readonly #pairs: Pairs;
  readonly #entries: EntryWriter;
  readonly #emptyBucket: Uint8Array;
  readonly #order: Uint32Array;
  readonly #hashes: Uint32Array;
  readonly #plan: Plan;
  readonly #elements: number;
  /** The entries in the bucket's elements, and all of them as the file has them. */
  readonly #inElement: Uint32Array;
  readonly #fileOrder: Uint32Array;

  constructor(
    output: Output,
    pairs: Pairs,
    terminated: boolean,
    order: Uint32Array,
    hashes: Uint32Array,
    plan: Plan,
  ) {
    this.#output = output;
    this.#pairs = pairs;
    this.#entries = new EntryWriter(pairs, terminated);
    this.#order = order;
    this.#hashes = hashes;
    this.#plan = plan;
    this.#elements = bucketElements(plan.blockSize);
    this.#inElement = new Uint32Array(this.#elements);
    this.#fileOrder = new Uint32Array(order.length);
    this.#emptyBucket = emptyBucket(plan.blockSize, this.#elements);
  }

  /** The header comes last: a file that was left half-written has none. */
  async write(bytes: number): Promise<void> {
    const { blockSize, directoryBits, bits, start } = this.#plan;
    const directorySize = 8 * 2 ** directoryBits;
    const firstBucket = blockSize + directorySize;
    const firstRecord = firstBucket + bits.length * blockSize;
    const size = Math.ceil((firstRecord + bytes) / blockSize) * blockSize;
    this.#writeDirectory(firstBucket);

    const buckets = this.#output.stream(firstBucket);
    const records = this.#output.stream(firstRecord);
    let address = firstRecord;
    for (let bucket = 0; bucket < bits.length; bucket++) {
      address = this.#writeBucket(buckets, records, bits[bucket], start[bucket], start[bucket + 1], address);
      if (this.#output.full) await this.#output.room();
    }
    records.put(new Uint8Array(size - address));
    buckets.end();
    records.end();

    await this.#output.settle();
    const first = this.#output.stream(0);
    first.put(headerBlock(blockSize, directorySize, directoryBits, size));
    first.end();
    rememberOrder(this.#pairs, this.#fileOrder);
  }

  #writeDirectory(firstBucket: number): void {
    const { blockSize, directoryBits, bits } = this.#plan;
    const stream = this.#output.stream(blockSize);
    for (let bucket = 0; bucket < bits.length; bucket++) {
      const address = firstBucket + bucket * blockSize;
      for (let entry = 2 ** (directoryBits - bits[bucket]); entry > 0; entry--) {
        const at = stream.take(8);
        putAddress(stream.piece.view, at, address);
      }
    }
    stream.end();
  }

  /** Writes a bucket and its records. Returns the address behind the last of them. */
  #writeBucket(
    buckets: OutputStream,
    records: OutputStream,
    bits: number,
    from: number,
    to: number,
    address: number,
  ): number {
    const bytes = this.#emptyBucket.slice();
    const view = viewOf(bytes);
    view.setInt32(BUCKET.bits, bits, true);
    view.setInt32(BUCKET.count, to - from, true);
    this.#entries.load(this.#order, from, to);
    for (let i = from; i < to; i++) {
      const key = this.#entries.keyLength(i - from);
      const value = this.#entries.valueLength(i - from);
      const element = this.#freeElement(view, this.#hashes[i]);
      this.#inElement[element] = this.#order[i];
      const at = BUCKET.elements + element * ELEMENT_SIZE;
      view.setUint32(at + ELEMENT.hash, this.#hashes[i], true);
      this.#entries.copyKeyStart(i - from, KEY_START, bytes, at + ELEMENT.keyStart);
      putAddress(view, at + ELEMENT.address, address);
      view.setInt32(at + ELEMENT.keySize, key, true);
      view.setInt32(at + ELEMENT.valueSize, value, true);
      this.#entries.write(records, NOTHING, i - from);
      address += key + value;
    }
    this.#noteOrder(view, from);
    buckets.put(bytes);
    return address;
  }

  #freeElement(view: DataView, hash: number): number {
    let element = hash % this.#elements;
    while (view.getUint32(BUCKET.elements + element * ELEMENT_SIZE, true) !== EMPTY) {
      element = element + 1 === this.#elements ? 0 : element + 1;
    }
    return element;
  }

  /** Readers meet a bucket's entries element by element. */
  #noteOrder(view: DataView, from: number): void {
    let at = from;
    for (let element = 0; element < this.#elements; element++) {
      if (view.getUint32(BUCKET.elements + element * ELEMENT_SIZE, true) !== EMPTY) {
        this.#fileOrder[at++] = this.#inElement[element];
      }
    }
  }
}

function emptyBucket(blockSize: number, elements: number): Uint8Array {
  const bytes = new Uint8Array(blockSize);
  const view = viewOf(bytes);
  for (let i = 0; i < elements; i++) view.setUint32(BUCKET.elements + i * ELEMENT_SIZE, EMPTY, true);
  return bytes;
}
