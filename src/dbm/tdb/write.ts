import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { inHashOrder } from '../in-hash-order.ts';
import { type Output, type OutputStream, PIECE_SIZE } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { inLoopStretches } from '../stretches.ts';
import { type Group, PLACE, PLACE_BYTES, TableGroups } from '../table-groups.ts';
import { withRoom } from '../with-room.ts';
import { WrittenTable } from '../written-table.ts';
import { WrongRecordError } from '../wrong-record.ts';
import { TdbFile } from './file.ts';
import { headerBytes } from './header.ts';
import {
  chainHead,
  LARGEST_FILE,
  LARGEST_HASH_SIZE,
  RECORD_HEADER,
  recordSize,
  SMALLEST_HASH_SIZE,
  TAIL,
} from './layout.ts';
import { type Loops, loopsIn } from './loops.ts';

/**
 * `Format.write` for tdb: as many chains as entries, so that a lookup reads one record or two, and each chain's records
 * one after the other, in the order of the chains.
 */
export async function writeTdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  const table = withRoom(path, () => new TableGroups(pairs, loopsIn));
  const hashSize = hashSizeOf(pairs.count);
  let size = chainHead(hashSize);
  inLoopStretches(pairs.count, (from, to) => {
    const [keyStart, keyEnd, valueStart, valueEnd] = table.columns.map((column) => column + 4 * from);
    const nul = terminated ? 1 : 0;
    size += Number(table.loops.measureRecords(keyStart, keyEnd, valueStart, valueEnd, to - from, nul));
  });
  if (size > LARGEST_FILE) {
    throw new DbmError(path, `the table needs ${size} bytes; a tdb file has at most ${LARGEST_FILE}`);
  }
  await new Writer(path, table, hashSize, terminated).write(options);
}

/** As many chains as entries. An even number would leave the hash's lowest bit with too much to say. */
function hashSizeOf(entries: number): number {
  return Math.min(LARGEST_HASH_SIZE, Math.max(SMALLEST_HASH_SIZE, entries | 1));
}

class Writer {
  readonly #path: string;
  readonly #table: TableGroups<Loops>;
  readonly #hashSize: number;
  readonly #nul: 0 | 1;
  readonly #written: WrittenTable;

  constructor(path: string, table: TableGroups<Loops>, hashSize: number, terminated: boolean) {
    this.#path = path;
    this.#table = table;
    this.#hashSize = hashSize;
    this.#nul = terminated ? 1 : 0;
    this.#written = new WrittenTable(path, table.memory, table.loops);
  }

  async write(options: WriteOptions): Promise<void> {
    await this.#written.create(
      (output) => this.#fill(output),
      (path) => new TdbFile(path, { terminated: this.#nul === 1 }),
      options,
    );
  }

  /** The header comes last: a file that was left half-written has none. */
  async #fill(output: Output): Promise<void> {
    const { memory, loops, count } = this.#table;
    const hashSize = this.#hashSize;
    const hashes = memory.reserve(4 * count);
    const chains = memory.reserve(4 * count);
    inLoopStretches(count, (from, to) => {
      loops.hashKeys(from, to, this.#nul, hashes);
      loops.chainsOf(hashes + 4 * from, to - from, hashSize, chains + 4 * from);
    });
    const heads = memory.reserve(4 * hashSize);
    loops.setHeads(heads, hashSize);

    const records = this.#written.stream(output, chainHead(hashSize));
    for (const group of inHashOrder(this.#path, this.#table, chains, hashes, hashSize)) {
      for (let done = 0; done < group.count; ) {
        done += this.#writeRecords(group, done, records);
        if (output.full) await output.room();
      }
      if (group.count > 0) this.#written.lookups.sample(group.places);
    }
    records.end();
    if (loops.fullHeads() !== loops.chainsMet()) throw new WrongRecordError(chainHead(0));
    const first = this.#written.stream(output, chainHead(0));
    first.put(memory.bytes(heads, 4 * hashSize));
    first.end();

    await output.settle();
    const header = this.#written.stream(output, 0);
    header.put(headerBytes(hashSize));
    header.end();
  }

  /** Writes as many entries from number `from` of `group` on as have room in a piece. @returns how many */
  #writeRecords({ places, count }: Group, from: number, stream: OutputStream): number {
    const { loops } = this.#table;
    const { address, left, position } = stream;
    const written = loops.writeRecords(places, from, count, this.#nul, address, left, position);
    if (written === 0) return this.#writeRecord(places, from, count, stream);
    if (!loops.areRecords(places, from, count, written, this.#nul, address, position))
      throw new WrongRecordError(position);
    stream.take(loops.bytesWritten());
    return written;
  }

  /** Begins a new piece for a record, or writes one that no piece has room for. @returns how many were written */
  #writeRecord(places: number, entry: number, count: number, stream: OutputStream): number {
    const { memory, loops } = this.#table;
    const place = places + PLACE_BYTES * entry;
    const [keyStart, keyEnd, valueStart, valueEnd] = memory.numbers(place, PLACE);
    const key = memory.bytes(keyStart, keyEnd - keyStart);
    const value = memory.bytes(valueStart, valueEnd - valueStart);
    const content = key.length + value.length + 2 * this.#nul;
    const size = recordSize(content);
    stream.room(Math.min(size, PIECE_SIZE));
    if (size <= PIECE_SIZE) return 0;
    const entryOf = [places, entry, count, this.#nul, stream.address, stream.position] as const;
    loops.writeHeader(...entryOf);
    if (!loops.isHeader(...entryOf)) throw new WrongRecordError(stream.position);
    stream.take(RECORD_HEADER);
    const nul = new Uint8Array(this.#nul);
    const tail = new Uint8Array(size - RECORD_HEADER - content);
    viewOf(tail).setUint32(tail.length - TAIL, size, true);
    for (const bytes of [key, nul, value, nul, tail]) stream.put(bytes);
    this.#written.lookups.add(place);
    return 1;
  }
}
