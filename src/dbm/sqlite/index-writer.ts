import type { Output, OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import {
  INTERIOR,
  INTERIOR_HEADER,
  LEAF,
  LEAF_HEADER,
  OVERFLOW_ROOM,
  PAGE,
  PAGE_NUMBER_SIZE,
  PAGE_SIZE,
  POINTER_SIZE,
} from './layout.ts';
import { Record } from './record.ts';
import type { ColumnTypes } from './schema.ts';
import { writeVarint } from './varint.ts';

/** A record too long for its cell, whose rest goes to overflow pages. */
interface Spilled {
  readonly bytes: Uint8Array;
  readonly local: number;
}

/** One level of the tree: pages from left to right, and the entries between each two of them. */
interface Level {
  readonly pages: number[];
  readonly between: number[];
}

/**
 * Writes the tree of a table without row numbers. An entry is on a leaf, or, between two pages, on the page above them.
 * Pages are filled to the brim, in the order of their numbers: nothing is ever added to the file.
 */
export class IndexWriter {
  readonly #record: Record;
  readonly #output: Output;
  readonly #stream: OutputStream;
  #nextPage: number;

  constructor(pairs: Pairs, types: ColumnTypes, output: Output, stream: OutputStream, firstPage: number) {
    this.#record = new Record(pairs, types);
    this.#output = output;
    this.#stream = stream;
    this.#nextPage = firstPage;
  }

  /** The number of the page behind the tree's last. */
  get nextPage(): number {
    return this.#nextPage;
  }

  /** Writes the `count` entries, which are in the order of their keys. Returns the number of the root. */
  async write(count: number): Promise<number> {
    let level = await this.#writeLeaves(Uint32Array.from({ length: count }, (_, i) => i));
    while (level.pages.length > 1) level = await this.#writeInterior(level);
    return level.pages[0];
  }

  async #writeLeaves(entries: Uint32Array): Promise<Level> {
    const level: Level = { pages: [], between: [] };
    for (let from = 0; ; ) {
      const to = this.#reach(LEAF_HEADER, 0, entries, from);
      level.pages.push(this.#writePage(LEAF, entries, from, to, []));
      if (to === entries.length) return level;
      level.between.push(entries[to]);
      from = to + 1;
      if (this.#output.full) await this.#output.room();
    }
  }

  async #writeInterior({ pages, between }: Level): Promise<Level> {
    const level: Level = { pages: [], between: [] };
    for (let from = 0; ; ) {
      const to = this.#reach(INTERIOR_HEADER, PAGE_NUMBER_SIZE, between, from);
      level.pages.push(this.#writePage(INTERIOR, between, from, to, pages));
      if (to === between.length) return level;
      level.between.push(between[to]);
      from = to + 1;
      if (this.#output.full) await this.#output.room();
    }
  }

  /** How far a page from entry `from` on reaches. The one behind goes up, so another must be left for the next page. */
  #reach(header: number, childSize: number, entries: ArrayLike<number>, from: number): number {
    let used = header;
    let to = from;
    for (; to < entries.length; to++) {
      this.#record.load(entries[to]);
      used += POINTER_SIZE + childSize + this.#record.cellSize;
      if (used > PAGE_SIZE) break;
    }
    return to === entries.length - 1 ? to - 1 : to;
  }

  /** Writes a page with `entries[from, to)`, on an interior page each right of the child with its place in `children`. */
  #writePage(
    type: number,
    entries: ArrayLike<number>,
    from: number,
    to: number,
    children: readonly number[],
  ): number {
    const page = this.#nextPage++;
    const start = this.#stream.take(PAGE_SIZE);
    const { bytes, view } = this.#stream.piece;
    const header = type === LEAF ? LEAF_HEADER : INTERIOR_HEADER;
    const content = PAGE_SIZE - this.#contentSize(type, entries, from, to);
    bytes.fill(0, start, start + content);
    bytes[start + PAGE.type] = type;
    view.setUint16(start + PAGE.cells, to - from);
    view.setUint16(start + PAGE.content, content);
    if (type === INTERIOR) view.setUint32(start + PAGE.right, children[to]);

    const spilled: Spilled[] = [];
    let overflowPage = this.#nextPage;
    let at = start + content;
    for (let i = from; i < to; i++) {
      this.#record.load(entries[i]);
      view.setUint16(start + header + POINTER_SIZE * (i - from), at - start);
      if (type === INTERIOR) {
        view.setUint32(at, children[i]);
        at += PAGE_NUMBER_SIZE;
      }
      at = writeVarint(bytes, at, this.#record.size);
      const { size, local } = this.#record;
      if (local === size) {
        at = this.#record.write(bytes, view, at);
        continue;
      }
      const record = this.#wholeRecord();
      bytes.set(record.subarray(0, local), at);
      view.setUint32(at + local, overflowPage);
      at += local + PAGE_NUMBER_SIZE;
      overflowPage += Math.ceil((size - local) / OVERFLOW_ROOM);
      spilled.push({ bytes: record, local });
    }
    for (const each of spilled) this.#writeOverflow(each);
    return page;
  }

  #contentSize(type: number, entries: ArrayLike<number>, from: number, to: number): number {
    let size = type === INTERIOR ? PAGE_NUMBER_SIZE * (to - from) : 0;
    for (let i = from; i < to; i++) {
      this.#record.load(entries[i]);
      size += this.#record.cellSize;
    }
    return size;
  }

  #wholeRecord(): Uint8Array {
    const slack = 3;
    const bytes = new Uint8Array(this.#record.size + slack);
    this.#record.write(bytes, new DataView(bytes.buffer), 0);
    return bytes.subarray(0, this.#record.size);
  }

  #writeOverflow({ bytes: record, local }: Spilled): void {
    for (let from = local; from < record.length; from += OVERFLOW_ROOM) {
      this.#nextPage++;
      const start = this.#stream.take(PAGE_SIZE);
      const { bytes, view } = this.#stream.piece;
      const part = record.subarray(from, from + OVERFLOW_ROOM);
      view.setUint32(start, from + OVERFLOW_ROOM < record.length ? this.#nextPage : 0);
      bytes.set(part, start + PAGE_NUMBER_SIZE);
      bytes.fill(0, start + PAGE_NUMBER_SIZE + part.length, start + PAGE_SIZE);
    }
  }
}
