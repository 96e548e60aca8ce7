import type { Stream } from './columns.ts';
import { BLOCK, type SectionReader } from './section-file.ts';

const NUMBER = Uint32Array.BYTES_PER_ELEMENT;
const NUMBERS = BLOCK / NUMBER;
/** Memory is taken for so many blocks at a time. */
const SLAB = 64;

interface Block {
  readonly bytes: Buffer;
  /** The same, as far as it is a column of numbers. */
  readonly numbers: Uint32Array;
}

/** Parts of the sections of a base. Each block of them is read once, when it is first asked for. */
export class Blocks {
  readonly #reader: SectionReader;
  readonly #sections: (Block | undefined)[][] = [];
  #slab = Buffer.alloc(0);

  constructor(reader: SectionReader) {
    this.#reader = reader;
  }

  /** Number `i` of a column. @throws DamagedFileError, as do the other methods */
  number(section: number, i: number): number {
    // Columns are in this machine's byte order.
    return this.#block(section, Math.floor(i / NUMBERS)).numbers[i % NUMBERS];
  }

  /** Not to be changed. */
  bytes(section: number, start: number, end: number): Uint8Array {
    if (end <= start) return new Uint8Array(0);
    const first = Math.floor(start / BLOCK);
    const last = Math.floor((end - 1) / BLOCK);
    const blocks = Array.from({ length: last - first + 1 }, (_, i) => this.#block(section, first + i).bytes);
    const bytes = blocks.length === 1 ? blocks[0] : Buffer.concat(blocks);
    return bytes.subarray(start - first * BLOCK, end - first * BLOCK);
  }

  /** How `bytes` compare with others. */
  compare(section: number, start: number, end: number, others: Uint8Array): number {
    const first = Math.floor(start / BLOCK);
    if (end > (first + 1) * BLOCK) return Buffer.compare(this.bytes(section, start, end), others);
    const { bytes } = this.#block(section, first);
    return bytes.compare(others, 0, others.length, start - first * BLOCK, end - first * BLOCK);
  }

  #block(section: number, block: number): Block {
    this.#sections[section] ??= [];
    const blocks = this.#sections[section];
    const known = blocks[block];
    if (known !== undefined) return known;
    if (this.#slab.length < BLOCK) this.#slab = Buffer.allocUnsafeSlow(SLAB * BLOCK);
    const bytes = this.#reader.readBlock(section, block, this.#slab);
    this.#slab = this.#slab.subarray(BLOCK);
    const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / NUMBER));
    blocks[block] = { bytes, numbers };
    return { bytes, numbers };
  }
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

  value(i: number): Uint8Array {
    return this.#text(3, i);
  }

  object(i: number): number {
    return this.#blocks.number(this.#first + 5, i);
  }

  /** Some of its entries, in their order, as a stream of their own. */
  pick(chosen: readonly number[]): Stream {
    const texts = chosen.flatMap((i) => [this.#text(1, i), this.value(i)]);
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
