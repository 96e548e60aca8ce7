import { viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { WriteOptions } from '../format.ts';
import { inHashOrder } from '../in-hash-order.ts';
import { type Output, type OutputStream, PIECE_SIZE } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { inLoopStretches } from '../stretches.ts';
import { PLACE, PLACE_BYTES, TableGroups } from '../table-groups.ts';
import { withRoom } from '../with-room.ts';
import { WrittenTable } from '../written-table.ts';
import { WrongRecordError } from '../wrong-record.ts';
import { CdbFile } from './file.ts';
import { HEADER_SIZE, LARGEST_FILE, RECORD_HEADER, SLOT_SIZE, TABLES } from './layout.ts';
import { type Loops, loopsIn } from './loops.ts';

/** `Format.write` for cdb: what `cdb -c` makes of the same records, if it gets them in the order of the slots. */
export async function writeCdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? false;
  const table = withRoom(path, () => new TableGroups(pairs, loopsIn));
  const { keys, values } = table.sizes(terminated ? 1 : 0);
  const size = HEADER_SIZE + keys + values + pairs.count * (RECORD_HEADER + 2 * SLOT_SIZE);
  if (size > LARGEST_FILE) {
    throw new DbmError(path, `the table needs ${size} bytes; a cdb file has at most ${LARGEST_FILE}`);
  }
  const writer = new Writer(path, table, terminated);
  await writer.write(options);
}

class Writer {
  readonly #path: string;
  readonly #table: TableGroups<Loops>;
  readonly #nul: 0 | 1;
  readonly #written: WrittenTable;

  constructor(path: string, table: TableGroups<Loops>, terminated: boolean) {
    this.#path = path;
    this.#table = table;
    this.#nul = terminated ? 1 : 0;
    this.#written = new WrittenTable(path, table.memory, table.loops);
  }

  async write(options: WriteOptions): Promise<void> {
    await this.#written.create(
      (output) => this.#fill(output),
      (path) => new CdbFile(path, { terminated: this.#nul === 1 }),
      options,
    );
  }

  /** The header comes last: a file that was left half-written has none. */
  async #fill(output: Output): Promise<void> {
    const { memory, loops, count } = this.#table;
    const hashes = memory.reserve(4 * count);
    const starts = memory.reserve(4 * (TABLES + 1));
    inLoopStretches(count, (from, to) => {
      loops.hashKeys(from, to, this.#nul, hashes);
      loops.countByTable(hashes + 4 * from, to - from, starts + 4);
    });
    const start = memory.numbers(starts, TABLES + 1);
    for (let table = 0; table < TABLES; table++) start[table + 1] += start[table];
    const numbers = memory.reserve(4 * count);
    inLoopStretches(count, (from, to) => {
      loops.numberSlots(hashes + 4 * from, to - from, starts, numbers + 4 * from);
    });

    const slots = memory.reserve(SLOT_SIZE * count);
    const stream = this.#written.stream(output, HEADER_SIZE);
    let next = slots;
    for (const group of inHashOrder(this.#path, this.#table, numbers, hashes, Math.max(1, 2 * count))) {
      for (let done = 0; done < group.count; ) {
        const records = this.#writeRecords(
          group.places + PLACE_BYTES * done,
          group.count - done,
          stream,
          next,
        );
        done += records;
        next += records * SLOT_SIZE;
        if (output.full) await output.room();
      }
      if (group.count > 0) this.#written.lookups.sample(group.places);
    }
    const header = await this.#writeTables(output, stream, start, slots);
    stream.end();
    await output.settle();
    const first = this.#written.stream(output, 0);
    first.put(header);
    first.end();
  }

  /** Writes as many of the entries at `places` as have room in a piece, one at least. @returns how many */
  #writeRecords(places: number, count: number, stream: OutputStream, slots: number): number {
    const { loops } = this.#table;
    const { address, position } = stream;
    const written = loops.writeRecords(places, count, this.#nul, address, stream.left, position, slots);
    if (written === 0) return this.#writeRecord(places, stream, slots);
    if (!loops.areRecords(places, written, this.#nul, address, position, slots))
      throw new WrongRecordError(position);
    stream.take(loops.bytesWritten());
    return written;
  }

  /** Begins a new piece for a record, or writes one that no piece has room for. @returns how many were written */
  #writeRecord(place: number, stream: OutputStream, slot: number): number {
    const { memory } = this.#table;
    const [keyStart, keyEnd, valueStart, valueEnd, , hash] = memory.numbers(place, PLACE);
    const key = keyEnd - keyStart;
    const value = valueEnd - valueStart;
    const size = RECORD_HEADER + key + value + 2 * this.#nul;
    if (size <= PIECE_SIZE) {
      stream.room(size);
      return 0;
    }
    const nul = new Uint8Array(this.#nul);
    memory.numbers(slot, 2).set([hash, stream.position]);
    stream.put(new Uint8Array(Uint32Array.of(key + nul.length, value + nul.length).buffer));
    for (const bytes of [memory.bytes(keyStart, key), nul, memory.bytes(valueStart, value), nul])
      stream.put(bytes);
    this.#written.lookups.add(place);
    return 1;
  }

  /** @returns the file's header */
  async #writeTables(
    output: Output,
    stream: OutputStream,
    start: Uint32Array,
    slots: number,
  ): Promise<Uint8Array> {
    const { memory, loops } = this.#table;
    const largest = start.subarray(1).reduce((most, end, table) => Math.max(most, end - start[table]), 0);
    const room = memory.reserve(2 * SLOT_SIZE * largest);
    const header = new Uint8Array(HEADER_SIZE);
    const view = viewOf(header);
    for (let table = 0; table < TABLES; table++) {
      const own = slots + SLOT_SIZE * start[table];
      const records = start[table + 1] - start[table];
      view.setUint32(8 * table, stream.position, true);
      view.setUint32(8 * table + 4, 2 * records, true);
      const size = 2 * SLOT_SIZE * records;
      const hasRoom = stream.room(size) > 0;
      const out = hasRoom ? stream.address : room;
      loops.writeTable(own, records, out);
      if (!loops.isTable(own, records, table, out)) throw new WrongRecordError(stream.position);
      if (hasRoom) stream.take(size);
      else stream.put(memory.bytes(room, size));
      if (output.full) await output.room();
    }
    return header;
  }
}
