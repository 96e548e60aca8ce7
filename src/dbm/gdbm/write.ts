import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { inHashOrder } from '../in-hash-order.ts';
import { measure } from '../limits.ts';
import { type Output, type OutputStream, PIECE_SIZE } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { inLoopStretches } from '../stretches.ts';
import { PLACE, PLACE_BYTES, TableGroups } from '../table-groups.ts';
import { withRoom } from '../with-room.ts';
import { WrittenTable } from '../written-table.ts';
import { WrongRecordError } from '../wrong-record.ts';
import { GdbmFile } from './file.ts';
import { getAddress, headerBlock, putAddress } from './header.ts';
import { BUCKET, bucketElements, ELEMENT_SIZE, EMPTY, HASH_BITS } from './layout.ts';
import { limits } from './limits.ts';
import { type Loops, loopsIn } from './loops.ts';
import { type Plan, planBuckets } from './plan.ts';

/**
 * `Format.write` for gdbm: header, directory, buckets, then keys and values in the order of their hashes. There is no
 * free space in it, so nothing of gdbm's own tables of it either.
 */
export async function writeGdbm(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  const nul = terminated ? 1 : 0;
  const writer = withRoom(path, () => {
    const table = new TableGroups(pairs, loopsIn);
    const sizes = table.sizes(nul);
    if (sizes.longestKey > limits.key || sizes.longestValue > limits.value)
      measure(path, pairs, terminated, limits);
    const { memory, loops, count } = table;
    const hashes = memory.reserve(4 * count);
    inLoopStretches(count, (from, to) => loops.hashKeys(from, to, nul, hashes));
    const plan = planBuckets(count, (bits) => {
      const before = memory.reserve(4 * (2 ** bits + 1));
      inLoopStretches(count, (from, to) => loops.countPrefixes(hashes + 4 * from, to - from, bits, before));
      loops.sumPrefixes(bits, before);
      return memory.numbers(before, 2 ** bits + 1);
    });
    if (plan === undefined) throw new DbmError(path, 'too many keys have the same hash for gdbm');
    return new Writer(path, table, hashes, sizes.keys + sizes.values, plan, nul);
  });
  await writer.write(options);
}

class Writer {
  readonly #path: string;
  readonly #table: TableGroups<Loops>;
  /** Address. */
  readonly #hashes: number;
  readonly #bytes: number;
  readonly #plan: Plan;
  readonly #nul: 0 | 1;
  readonly #written: WrittenTable;
  readonly #elements: number;
  readonly #directory: DataView;
  /** Where the buckets begin, and the entries. */
  readonly #firstBucket: number;
  readonly #firstEntry: number;
  /** The address of the bucket that is being filled, and its number. */
  readonly #bucket: number;
  #number = 0;
  /** How many entries of the directory lead to buckets before it. */
  #before = 0;

  /** @param bytes of all keys and values */
  constructor(
    path: string,
    table: TableGroups<Loops>,
    hashes: number,
    bytes: number,
    plan: Plan,
    nul: 0 | 1,
  ) {
    this.#path = path;
    this.#table = table;
    this.#hashes = hashes;
    this.#bytes = bytes;
    this.#plan = plan;
    this.#nul = nul;
    this.#written = new WrittenTable(path, table.memory, table.loops);
    this.#elements = bucketElements(plan.blockSize);
    this.#firstBucket = plan.blockSize + 8 * 2 ** plan.directoryBits;
    this.#firstEntry = this.#firstBucket + plan.bits.length * plan.blockSize;
    this.#directory = this.#makeDirectory();
    this.#bucket = table.memory.reserve(plan.blockSize);
  }

  async write(options: WriteOptions): Promise<void> {
    await this.#written.create(
      (output) => this.#fill(output),
      (path) => new GdbmFile(path, { terminated: this.#nul === 1 }),
      options,
    );
  }

  /** The header comes last: a file that was left half-written has none. */
  async #fill(output: Output): Promise<void> {
    const { blockSize, directoryBits, bits, start } = this.#plan;
    const directory = this.#written.stream(output, blockSize);
    directory.put(new Uint8Array(this.#directory.buffer));
    directory.end();

    const buckets = this.#written.stream(output, this.#firstBucket);
    const entries = this.#written.stream(output, this.#firstEntry);
    let next = 0;
    this.#beginBucket();
    for (const { places, count } of inHashOrder(
      this.#path,
      this.#table,
      this.#hashes,
      this.#hashes,
      2 ** HASH_BITS,
    )) {
      for (let done = 0; done < count; ) {
        while (next === start[this.#number + 1]) this.#endBucket(buckets);
        const most = Math.min(count - done, start[this.#number + 1] - next);
        const written = this.#writeEntries(places + PLACE_BYTES * done, most, entries);
        done += written;
        next += written;
        if (output.full) await output.room();
      }
      if (count > 0) this.#written.lookups.sample(places);
    }
    while (this.#number < bits.length) this.#endBucket(buckets);
    buckets.end();
    const size = Math.ceil((this.#firstEntry + this.#bytes) / blockSize) * blockSize;
    entries.put(new Uint8Array(size - entries.position));
    entries.end();

    await output.settle();
    const first = this.#written.stream(output, 0);
    first.put(headerBlock(blockSize, 8 * 2 ** directoryBits, directoryBits, size));
    first.end();
  }

  #makeDirectory(): DataView {
    const { blockSize, directoryBits, bits } = this.#plan;
    const view = new DataView(new ArrayBuffer(8 * 2 ** directoryBits));
    let at = 0;
    for (let bucket = 0; bucket < bits.length; bucket++) {
      const address = this.#firstBucket + bucket * blockSize;
      for (const end = at + 8 * 2 ** (directoryBits - bits[bucket]); at < end; at += 8)
        putAddress(view, at, address);
    }
    return view;
  }

  #beginBucket(): void {
    const { blockSize, bits, start } = this.#plan;
    const bytes = this.#table.memory.bytes(this.#bucket, blockSize);
    const view = viewOf(bytes.fill(0));
    for (let i = 0; i < this.#elements; i++) view.setUint32(BUCKET.elements + i * ELEMENT_SIZE, EMPTY, true);
    view.setInt32(BUCKET.bits, bits[this.#number], true);
    view.setInt32(BUCKET.count, start[this.#number + 1] - start[this.#number], true);
  }

  /** Writes the bucket, which has all of its entries, and begins the next one. */
  #endBucket(stream: OutputStream): void {
    const { blockSize, directoryBits, bits, start } = this.#plan;
    const { memory, loops } = this.#table;
    const count = start[this.#number + 1] - start[this.#number];
    const found = loops.countElements(this.#bucket, this.#elements);
    const next = this.#before + 2 ** (directoryBits - bits[this.#number]);
    let leads = true;
    for (; this.#before < next; this.#before++) {
      leads &&= getAddress(this.#directory, 8 * this.#before) === stream.position;
    }
    if (found !== count || !leads) throw new WrongRecordError(stream.position);
    stream.put(memory.bytes(this.#bucket, blockSize));
    this.#number++;
    if (this.#number < bits.length) this.#beginBucket();
  }

  /** Writes as many of the entries at `places` as have room in a piece, and puts them into the bucket. @returns how many */
  #writeEntries(places: number, count: number, stream: OutputStream): number {
    const { loops } = this.#table;
    const { directoryBits, bits } = this.#plan;
    const { address, left, position } = stream;
    const bucket = [this.#bucket, this.#elements] as const;
    const written = loops.writeEntries(places, count, this.#nul, address, left, position, ...bucket);
    if (written === 0) return this.#writeEntry(places, stream);
    const ownBits = bits[this.#number];
    const prefix = this.#before / 2 ** (directoryBits - ownBits);
    if (!loops.areEntries(places, written, this.#nul, address, position, ...bucket, ownBits, prefix))
      throw new WrongRecordError(position);
    stream.take(loops.bytesWritten());
    return written;
  }

  /** Begins a new piece for an entry, or writes one that no piece has room for. @returns how many were written */
  #writeEntry(place: number, stream: OutputStream): number {
    const { memory, loops } = this.#table;
    const [keyStart, keyEnd, valueStart, valueEnd] = memory.numbers(place, PLACE);
    const key = memory.bytes(keyStart, keyEnd - keyStart);
    const value = memory.bytes(valueStart, valueEnd - valueStart);
    const size = key.length + value.length + 2 * this.#nul;
    stream.room(Math.min(size, PIECE_SIZE));
    if (size <= PIECE_SIZE) return 0;
    loops.putElement(place, this.#nul, stream.position, this.#bucket, this.#elements);
    const nul = new Uint8Array(this.#nul);
    for (const bytes of [key, nul, value, nul]) stream.put(bytes);
    this.#written.lookups.add(place);
    return 1;
  }
}
