import { viewOf } from '../bytes.ts';
import { inHashOrder } from '../in-hash-order.ts';
import { type OutputStream, PIECE_SIZE } from '../output.ts';
import { type Group, PLACE, PLACE_BYTES, type Share, type TableGroups } from '../table-groups.ts';
import type { WrittenTable } from '../written-table.ts';
import { WrongRecordError } from '../wrong-record.ts';
import { RECORD_HEADER, recordSize, TAIL } from './layout.ts';
import type { Loops } from './loops.ts';

/** A file in the making: addresses of a number a key, of its chain and of its hash, and of the heads of the chains. */
export interface FilePlan {
  readonly path: string;
  readonly nul: 0 | 1;
  readonly hashes: number;
  readonly chains: number;
  readonly heads: number;
  readonly hashSize: number;
}

/** Writes the records of a table, or of a share of it, in the order of their chains. */
export class RecordWriter {
  readonly #plan: FilePlan;
  readonly #table: TableGroups<Loops>;
  readonly #written: WrittenTable;
  readonly #stream: OutputStream;
  readonly #nul: 0 | 1;

  /** @param stream has the place of the first record next */
  constructor(plan: FilePlan, table: TableGroups<Loops>, written: WrittenTable, stream: OutputStream) {
    this.#plan = plan;
    this.#table = table;
    this.#written = written;
    this.#stream = stream;
    this.#nul = plan.nul;
    table.loops.setHeads(plan.heads, plan.hashSize);
  }

  /** Writes step by step: in between, it can wait. @throws DbmError when a key is there twice */
  *write(share: Share): Generator<void> {
    const { path, chains, hashes, hashSize } = this.#plan;
    for (const group of inHashOrder(path, this.#table, chains, hashes, hashSize, share)) {
      for (let done = 0; done < group.count; ) {
        done += this.#writeRecords(group, done, this.#stream);
        yield;
      }
      if (group.count > 0) this.#written.lookups.sample(group.places);
    }
    this.#stream.end();
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
