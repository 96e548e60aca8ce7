import { viewOf } from '../bytes.ts';
import { EntryBytes } from '../entry-bytes.ts';
import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { fetchBytes, type HashOrder, PLACE } from '../hash-order.ts';
import { measure } from '../limits.ts';
import { createFile, type Output, type OutputStream, PIECE_SIZE } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { readBackOf } from '../read-back.ts';
import { GdbmFile } from './file.ts';
import { inFileOrder } from './file-order.ts';
import { headerBlock, putAddress } from './header.ts';
import { BUCKET, bucketElements, ELEMENT, ELEMENT_SIZE, EMPTY, KEY_START } from './layout.ts';
import { limits } from './limits.ts';
import { type Plan, planBuckets } from './plan.ts';

/**
 * `Format.write` for gdbm: header, directory, buckets, then keys and values in the order of their hashes. There is no
 * free space in it, so nothing of gdbm's own tables of it either.
 */
export async function writeGdbm(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  const { keys, values } = measure(path, pairs, terminated, limits);
  const order = inFileOrder(pairs, terminated);
  if (order.repeated !== undefined)
    throw new DbmError(path, `the key ${printable(order.repeated)} is there twice`);
  const plan = planBuckets(order.hashes);
  if (plan === undefined) throw new DbmError(path, 'too many keys have the same hash for gdbm');
  await createFile(
    path,
    (output) => new GdbmWriter(output, pairs.pool, order, terminated, plan).write(keys + values),
    readBackOf((as) => new GdbmFile(path, as), pairs, { ...options, terminated }),
  );
}

class GdbmWriter {
  /** Means nothing; keeps the fetching from being optimised away. */
  fetched = 0;
  readonly #output: Output;
  readonly #pool: Uint8Array;
  readonly #entries: EntryBytes;
  readonly #order: HashOrder;
  readonly #plan: Plan;
  readonly #elements: number;
  readonly #emptyBucket: Uint8Array;
  /** The bucket that is being filled. */
  readonly #bucket: Uint8Array;
  readonly #view: DataView;

  constructor(output: Output, pool: Uint8Array, order: HashOrder, terminated: boolean, plan: Plan) {
    this.#output = output;
    this.#pool = pool;
    this.#entries = new EntryBytes(pool, terminated);
    this.#order = order;
    this.#plan = plan;
    this.#elements = bucketElements(plan.blockSize);
    this.#emptyBucket = emptyBucket(plan.blockSize, this.#elements);
    this.#bucket = new Uint8Array(plan.blockSize);
    this.#view = viewOf(this.#bucket);
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
      this.#bucket.set(this.#emptyBucket);
      this.#view.setInt32(BUCKET.bits, bits[bucket], true);
      this.#view.setInt32(BUCKET.count, start[bucket + 1] - start[bucket], true);
      address = this.#writeEntries(records, start[bucket], start[bucket + 1], address);
      buckets.put(this.#bucket);
      if (this.#output.full) await this.#output.room();
    }
    records.put(new Uint8Array(size - address));
    buckets.end();
    records.end();

    await this.#output.settle();
    const first = this.#output.stream(0);
    first.put(headerBlock(blockSize, directorySize, directoryBits, size));
    first.end();
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

  /** Writes entries, and puts them into the bucket. Returns the address behind the last of them. */
  #writeEntries(records: OutputStream, from: number, to: number, first: number): number {
    const pool = this.#pool;
    const entries = this.#entries;
    const { places, hashes } = this.#order;
    const bucket = this.#view;
    const { nul } = entries;
    this.fetched = fetchBytes(pool, places, from, to);
    let address = first;
    for (let i = from; i < to; i++) {
      const place = PLACE * i;
      const keyStart = places[place];
      const keyEnd = places[place + 1];
      const valueStart = places[place + 2];
      const valueEnd = places[place + 3];
      const key = keyEnd - keyStart + nul;
      const value = valueEnd - valueStart + nul;
      const element = this.#freeElement(hashes[i]);
      bucket.setUint32(element + ELEMENT.hash, hashes[i], true);
      for (let byte = 0; byte < KEY_START && keyStart + byte < keyEnd; byte++) {
        bucket.setUint8(element + ELEMENT.keyStart + byte, pool[keyStart + byte]);
      }
      putAddress(bucket, element + ELEMENT.address, address);
      bucket.setInt32(element + ELEMENT.keySize, key, true);
      bucket.setInt32(element + ELEMENT.valueSize, value, true);
      address += key + value;
      if (key + value > PIECE_SIZE) {
        entries.put(keyStart, keyEnd, valueStart, valueEnd, records);
        continue;
      }
      const at = records.take(key + value);
      const { bytes, view } = records.piece;
      entries.copy(keyStart, keyEnd, valueStart, valueEnd, bytes, view, at);
    }
    return address;
  }

  /** Where in the bucket the element is. */
  #freeElement(hash: number): number {
    const end = BUCKET.elements + this.#elements * ELEMENT_SIZE;
    let at = BUCKET.elements + (hash % this.#elements) * ELEMENT_SIZE;
    while (this.#view.getUint32(at, true) !== EMPTY) {
      at = at + ELEMENT_SIZE === end ? BUCKET.elements : at + ELEMENT_SIZE;
    }
    return at;
  }
}

function emptyBucket(blockSize: number, elements: number): Uint8Array {
  const bytes = new Uint8Array(blockSize);
  const view = viewOf(bytes);
  for (let i = 0; i < elements; i++) view.setUint32(BUCKET.elements + i * ELEMENT_SIZE, EMPTY, true);
  return bytes;
}
