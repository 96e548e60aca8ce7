import type { BlockSums } from './block-sums.ts';
import { type ByObject, ID_BYTES, type Objects, type Stream } from './columns.ts';
import { hashOfId, slotsOf } from './id-slots.ts';
import {
  DamagedFileError,
  type Section,
  type SectionFileIdentity,
  SectionReader,
  writeSections,
} from './section-file.ts';
import { Blocks, SparseStream } from './sparse-stream.ts';

/*
 * The sections of a base: 0 the objects' ids, 1 and 2 where their DNs start and end in 3, 4 where ids are found by their hashes,
 * then eight for each stream: pool, starts and ends of keys, starts and ends of values, object numbers, and, unless it has few
 * entries, where the entries of each object begin in the last, and their numbers by their objects.
 */
const ID_SLOTS = 4;
const FIRST_STREAM = 5;
const STREAM_SECTIONS = 8;

/** Objects as they are written. */
export interface BaseObjects extends Objects {
  /** Of `dns`, as far as they were summed before. */
  readonly dnSums: BlockSums | undefined;
}

/** A stream as it is written. */
export interface BaseStream extends Stream {
  /** Empty columns for a stream that has few entries. */
  readonly byObject: ByObject;
  /** Of `pool`, as far as it was summed before. */
  readonly poolSums: BlockSums | undefined;
}

/**
 * Writes all that a directory's objects give, in the order of a mirror, to a new file.
 *
 * @throws the operating system's error
 */
export async function writeBase(
  path: string,
  { count, ids, dns, dnStart, dnEnd, dnSums, slots }: BaseObjects,
  streams: readonly BaseStream[],
): Promise<SectionFileIdentity> {
  return writeSections(path, [
    { bytes: ids.subarray(0, count * ID_BYTES) },
    sectionOf(dnStart, count),
    sectionOf(dnEnd, count),
    { bytes: dns, sums: dnSums },
    sectionOf(slots ?? slotsOf(ids, count)),
    ...streams.flatMap((stream) => [
      { bytes: stream.pool, sums: stream.poolSums },
      ...[stream.keyStart, stream.keyEnd, stream.valueStart, stream.valueEnd, stream.object].map((column) =>
        sectionOf(column, stream.count),
      ),
      sectionOf(stream.byObject.starts),
      sectionOf(stream.byObject.entries),
    ]),
  ]);
}

/**
 * Reads a base, a part at a time. What is read whole is read once, and lies in shared memory; of the rest, only what is looked
 * at.
 */
export class Base {
  readonly #path: string;
  readonly #reader: SectionReader;
  readonly #blocks: Blocks;
  readonly streamCount: number;
  readonly objectCount: number;
  #ids: Uint8Array | undefined;
  #objects: Objects | undefined;
  readonly #streams = new Map<number, Stream>();
  /** Memory of a stream that was let go of, section by section. */
  readonly #spare: (ArrayBufferLike | undefined)[] = [];
  /** How much of the room behind each stream's pool is taken. */
  readonly #used = new Map<number, number>();

  /** @throws DamagedFileError, as do the methods */
  constructor(path: string, identity: SectionFileIdentity, streams: number) {
    this.#path = path;
    this.#reader = new SectionReader(path, identity);
    this.streamCount = streams;
    if (this.#reader.count !== FIRST_STREAM + streams * STREAM_SECTIONS) {
      this.#reader.close();
      throw new DamagedFileError(path, 'it has the sections of another configuration');
    }
    this.objectCount = this.#reader.length(0) / ID_BYTES;
    this.#blocks = new Blocks(this.#reader);
  }

  /** The objects' ids, without the rest of them. */
  get ids(): Uint8Array {
    this.#ids ??= this.#bytes(0);
    return this.#ids;
  }

  get objects(): Objects {
    this.#objects ??= {
      count: this.objectCount,
      ids: this.ids,
      dnStart: this.#column(1, this.objectCount),
      dnEnd: this.#column(2, this.objectCount),
      dns: this.#bytes(3),
    };
    return this.#objects;
  }

  /** The DN of an object, without those of the others. */
  dn(object: number): Uint8Array {
    if (this.#objects !== undefined) return dnIn(this.#objects, object);
    const [start, end] = [this.#blocks.number(1, object), this.#blocks.number(2, object)];
    return this.#blocks.bytes(3, start, end).slice();
  }

  /** @param number of the stream */
  stream(number: number): Stream {
    const known = this.#streams.get(number);
    if (known !== undefined) return known;
    const first = FIRST_STREAM + number * STREAM_SECTIONS;
    const count = this.#countOf(number);
    const stream = {
      count,
      pool: this.#streamBytes(first, roomFor(this.#reader.length(first))),
      keyStart: this.#streamColumn(first + 1, count),
      keyEnd: this.#streamColumn(first + 2, count),
      valueStart: this.#streamColumn(first + 3, count),
      valueEnd: this.#streamColumn(first + 4, count),
      object: this.#streamColumn(first + 5, count),
    };
    this.#streams.set(number, stream);
    return stream;
  }

  /** A stream that was read whole, and not let go of. */
  loaded(number: number): Stream | undefined {
    return this.#streams.get(number);
  }

  /** A stream of which single entries are wanted. */
  sparse(number: number): SparseStream {
    return new SparseStream(this.#blocks, FIRST_STREAM + number * STREAM_SECTIONS, this.#countOf(number));
  }

  /** The id of an object, without those of the others. */
  id(object: number): Uint8Array {
    const start = object * ID_BYTES;
    const end = start + ID_BYTES;
    return this.#ids?.slice(start, end) ?? this.#blocks.bytes(0, start, end).slice();
  }

  /** The number of the object with an id, or -1. */
  find(id: Uint8Array): number {
    const mask = this.#reader.length(ID_SLOTS) / Uint32Array.BYTES_PER_ELEMENT - 1;
    for (
      let slot = hashOfId(new DataView(id.buffer, id.byteOffset, id.byteLength), 0) & mask;
      ;
      slot = (slot + 1) & mask
    ) {
      const object = this.#blocks.number(ID_SLOTS, slot) - 1;
      if (object < 0) return -1;
      const start = object * ID_BYTES;
      if (this.#blocks.compare(0, start, start + ID_BYTES, id) === 0) return object;
    }
  }

  /** The numbers of an object's entries in a stream, in the order of the stream. */
  entriesOf(number: number, object: number): number[] {
    const first = FIRST_STREAM + number * STREAM_SECTIONS;
    const found: number[] = [];
    if (this.#reader.length(first + 6) === 0) {
      for (let i = 0; i < this.#countOf(number); i++)
        if (this.#blocks.number(first + 5, i) === object) found.push(i);
      return found;
    }
    const end = this.#blocks.number(first + 6, object + 1);
    for (let i = this.#blocks.number(first + 6, object); i < end; i++)
      found.push(this.#blocks.number(first + 7, i));
    return found;
  }

  /** Lets go of a stream. Nothing of it may be in use any more: the next one that is read gets its memory. */
  release(number: number): void {
    const stream = this.#streams.get(number);
    if (stream === undefined) return;
    const { pool, keyStart, keyEnd, valueStart, valueEnd, object } = stream;
    for (const [part, { buffer }] of [pool, keyStart, keyEnd, valueStart, valueEnd, object].entries())
      this.#spare[part] = buffer;
    this.#streams.delete(number);
    this.#used.delete(number);
  }

  /**
   * A pool that has the bytes of a stream's, and `bytes` behind them; without a copy as long as there is room.
   *
   * @returns it, and where `bytes` are in it
   */
  withBytes(number: number, bytes: Uint8Array): { readonly pool: Uint8Array; readonly start: number } {
    const { pool } = this.stream(number);
    const start = this.#used.get(number) ?? pool.length;
    const end = start + bytes.length;
    if (end <= pool.length + roomFor(pool.length)) {
      const larger = new Uint8Array(pool.buffer, 0, end);
      larger.set(bytes, start);
      this.#used.set(number, end);
      return { pool: larger, start };
    }
    const copy = new Uint8Array(new SharedArrayBuffer(pool.length + bytes.length));
    copy.set(pool);
    copy.set(bytes, pool.length);
    return { pool: copy, start: pool.length };
  }

  close(): void {
    this.#reader.close();
  }

  #countOf(stream: number): number {
    const keyStart = FIRST_STREAM + stream * STREAM_SECTIONS + 1;
    return this.#reader.length(keyStart) / Uint32Array.BYTES_PER_ELEMENT;
  }

  #bytes(section: number): Uint8Array {
    return this.#read(section, new SharedArrayBuffer(this.#reader.length(section)));
  }

  /** @param room bytes that are left free behind it */
  #streamBytes(section: number, room: number): Uint8Array {
    const part = (section - FIRST_STREAM) % STREAM_SECTIONS;
    const length = this.#reader.length(section) + room;
    const spare = this.#spare[part];
    this.#spare[part] = undefined;
    if (spare !== undefined && spare.byteLength >= length) return this.#read(section, spare);
    return this.#read(section, new SharedArrayBuffer(Math.max(length, this.#longest(part))));
  }

  /** Bytes that any stream has in a section: memory that is not touched costs nothing. */
  #longest(part: number): number {
    const lengths = Array.from({ length: this.streamCount }, (_, stream) =>
      this.#reader.length(FIRST_STREAM + stream * STREAM_SECTIONS + part),
    );
    const longest = Math.max(...lengths);
    return part === 0 ? longest + roomFor(longest) : longest;
  }

  #read(section: number, memory: ArrayBufferLike): Uint8Array {
    const bytes = new Uint8Array(memory, 0, this.#reader.length(section));
    this.#reader.read(section, bytes);
    return bytes;
  }

  #column(section: number, count: number): Uint32Array {
    return this.#numbers(section, this.#bytes(section), count);
  }

  #streamColumn(section: number, count: number): Uint32Array {
    return this.#numbers(section, this.#streamBytes(section, 0), count);
  }

  #numbers(section: number, bytes: Uint8Array, count: number): Uint32Array {
    if (bytes.length !== count * Uint32Array.BYTES_PER_ELEMENT)
      throw new DamagedFileError(this.#path, `section ${section} has not ${count} numbers`);
    return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  }
}

function dnIn({ dns, dnStart, dnEnd }: Objects, object: number): Uint8Array {
  return dns.slice(dnStart[object], dnEnd[object]);
}

/** For what changes until there is a new base. Memory that is not touched costs nothing. */
function roomFor(length: number): number {
  return (length >>> 2) + (1 << 16);
}

function sectionOf(column: Uint32Array, count = column.length): Section {
  return {
    bytes: new Uint8Array(column.buffer, column.byteOffset, count * Uint32Array.BYTES_PER_ELEMENT),
  };
}
