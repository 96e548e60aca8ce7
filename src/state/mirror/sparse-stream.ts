import { BLOCK } from './block-sums.ts';
import type { Stream } from './columns.ts';
import type { SectionReader } from './section-file.ts';

const NUMBER = Uint32Array.BYTES_PER_ELEMENT;
const NUMBERS = BLOCK / NUMBER;
/** Memory is taken for so many blocks at a time; it costs nothing until it is touched. */
const SLAB = 1024;

interface Slab {
  readonly bytes: Buffer;
  /** The same, for blocks that are parts of a column of numbers. */
  readonly numbers: Uint32Array;
}

/** Parts of the sections of a base. Each block of them is read once, when it is first asked for. */
export class Blocks {
  readonly #reader: SectionReader;
  /** For each section and each block of it, how many blocks had been read when it was, itself included: that is where it lies. */
  readonly #read: (Uint32Array | undefined)[] = [];
  readonly #slabs: Slab[] = [];
  #count = 0;

  constructor(reader: SectionReader) {
    this.#reader = reader;
  }

  /** Number `i` of a column. @throws DamagedFileError, as do the other methods */
  number(section: number, i: number): number {
    const place = this.#place(section, Math.floor(i / NUMBERS));
    // Columns are in this machine's byte order.
    return this.#slabs[Math.floor(place / SLAB)].numbers[(place % SLAB) * NUMBERS + (i % NUMBERS)];
  }

  /** Not to be changed. */
  bytes(section: number, start: number, end: number): Uint8Array {
    if (end <= start) return NOTHING;
    const first = Math.floor(start / BLOCK);
    const last = Math.floor((end - 1) / BLOCK);
    if (first === last) return this.#part(section, first, start % BLOCK, end - first * BLOCK);
    const parts: Uint8Array[] = [];
    for (let block = first; block <= last; block++) {
      const [from, to] = [Math.max(0, start - block * BLOCK), Math.min(BLOCK, end - block * BLOCK)];
      parts.push(this.#part(section, block, from, to));
    }
    return Buffer.concat(parts);
  }

  /** How `bytes` compare with others. */
  compare(section: number, start: number, end: number, others: Uint8Array): number {
    const first = Math.floor(start / BLOCK);
    if (end > (first + 1) * BLOCK) return Buffer.compare(this.bytes(section, start, end), others);
    const place = this.#place(section, first);
    const at = (place % SLAB) * BLOCK - first * BLOCK;
    const { bytes } = this.#slabs[Math.floor(place / SLAB)];
    return bytes.compare(others, 0, others.length, at + start, at + end);
  }

  #part(section: number, block: number, from: number, to: number): Uint8Array {
    const place = this.#place(section, block);
    const at = (place % SLAB) * BLOCK;
    return this.#slabs[Math.floor(place / SLAB)].bytes.subarray(at + from, at + to);
  }

  /** Where a block lies among those that were read. */
  #place(section: number, block: number): number {
    this.#read[section] ??= new Uint32Array(Math.ceil(this.#reader.length(section) / BLOCK));
    const read = this.#read[section];
    if (read[block] > 0) return read[block] - 1;
    const place = this.#count;
    if (place === this.#slabs.length * SLAB) this.#slabs.push(slab());
    this.#reader.readBlock(section, block, this.#slabs[this.#slabs.length - 1].bytes, (place % SLAB) * BLOCK);
    read[block] = ++this.#count;
    return place;
  }
}

const NOTHING = new Uint8Array(0);

function slab(): Slab {
  const bytes = Buffer.allocUnsafeSlow(SLAB * BLOCK);
  return { bytes, numbers: new Uint32Array(bytes.buffer, bytes.byteOffset, SLAB * NUMBERS) };
}

/** A stream of a base of which only those parts are read that are looked at. */
export class SparseStream {
  readonly count: number;
  readonly #blocks: Blocks;
  readonly #first: number;

  /** @param first the number of its first section */
  constructor(blocks: Blocks, first: number, count: number) {
    this.#blocks = blocks;
    this.#first = first;
    this.count = count;
  }

  /** How the key of an entry compares with another. @throws DamagedFileError, as do the other methods */
  compareKey(i: number, key: Uint8Array): number {
    const start = this.#blocks.number(this.#first + 1, i);
    return this.#blocks.compare(this.#first, start, this.#blocks.number(this.#first + 2, i), key);
  }

  /** Not to be changed, as `value`. */
  key(i: number): Uint8Array {
    return this.#text(1, i);
  }

  value(i: number): Uint8Array {
    return this.#text(3, i);
  }

  object(i: number): number {
    return this.#blocks.number(this.#first + 5, i);
  }

  /** Some of its entries, in their order, as a stream of their own. */
  pick(chosen: readonly number[]): Stream {
    const texts = chosen.flatMap((i) => [this.key(i), this.value(i)]);
    const ends = new Uint32Array(texts.length + 1);
    for (const [i, { length }] of texts.entries()) ends[i + 1] = ends[i] + length;
    const column = (from: number): Uint32Array => Uint32Array.from(chosen, (_, i) => ends[2 * i + from]);
    return {
      count: chosen.length,
      pool: Buffer.concat(texts),
      keyStart: column(0),
      keyEnd: column(1),
      valueStart: column(1),
      valueEnd: column(2),
      object: Uint32Array.from(chosen, (i) => this.object(i)),
    };
  }

  /** @param part the section of where the texts start */
  #text(part: number, i: number): Uint8Array {
    const start = this.#blocks.number(this.#first + part, i);
    return this.#blocks.bytes(this.#first, start, this.#blocks.number(this.#first + part + 1, i));
  }
}
