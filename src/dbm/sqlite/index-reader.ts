import { viewOf } from '../bytes.ts';
import { IndexPage } from './index-page.ts';
import { BLOB, OVERFLOW_ROOM, TEXT } from './layout.ts';
import type { OwnPages } from './own-pages.ts';
import type { ColumnType, ColumnTypes } from './schema.ts';
import { readVarint, varintSize } from './varint.ts';

/** With at least four cells a page, no file needs a deeper tree. */
const DEEPEST = 20;

/** Hears of a row: where its key and its value are, without their NULs, in `bytes` until it returns. */
export type RowVisitor = (
  bytes: Uint8Array,
  view: DataView,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
) => void;

/** Hears of `count` pages from `page` on that belong to the table. */
export type PageVisitor = (page: number, count: number) => void;

/** Reads a table of a file of ours. */
export class IndexReader {
  readonly #pages: OwnPages;
  readonly #root: number;
  readonly #types: ColumnTypes;
  /** One page for each level, from the root down. */
  readonly #levels: IndexPage[] = [];
  /** The row read last. */
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = viewOf(this.#bytes);
  #keyStart = 0;
  #keyEnd = 0;
  #valueStart = 0;
  #valueEnd = 0;
  #visited = 0;
  #leafLevel = 0;

  constructor(pages: OwnPages, root: number, types: ColumnTypes) {
    this.#pages = pages;
    this.#root = root;
    this.#types = types;
  }

  /** The value of `key`, a copy, or undefined. @throws DbmError on a damaged page */
  get(key: Uint8Array): Uint8Array | undefined {
    let number = this.#root;
    for (let level = 0; level < DEEPEST; level++) {
      const page = this.#load(number, level);
      let low = 0;
      let high = page.count - 1;
      while (low <= high) {
        const middle = (low + high) >>> 1;
        this.#readRow(page, middle);
        const difference = Buffer.compare(this.#bytes.subarray(this.#keyStart, this.#keyEnd), key);
        if (difference === 0) return this.#bytes.slice(this.#valueStart, this.#valueEnd);
        if (difference < 0) low = middle + 1;
        else high = middle - 1;
      }
      if (page.isLeaf) return undefined;
      number = page.child[low];
    }
    throw this.#pages.fault(number, 'the tree does not end');
  }

  /** Visits the rows from the first to the last, whatever order their keys are in. @throws DbmError on a damaged page */
  walk(visitRow: RowVisitor, visitPages: PageVisitor = () => {}): void {
    this.#visited = 0;
    this.#leafLevel = 0;
    this.#walk(this.#root, 1, visitRow, visitPages);
  }

  #walk(number: number, level: number, visitRow: RowVisitor, visitPages: PageVisitor): void {
    if (++this.#visited > this.#pages.wholePages) throw this.#pages.fault(number, 'is used twice');
    const page = this.#load(number, level);
    visitPages(number, 1);
    if (page.isLeaf) this.#checkLeafLevel(page, level);
    for (let i = 0; i < page.count; i++) {
      if (!page.isLeaf) this.#walk(page.child[i], level + 1, visitRow, visitPages);
      this.#readRow(page, i);
      const spilled = page.size[i] - page.local[i];
      if (spilled > 0) visitPages(page.overflow[i], Math.ceil(spilled / OVERFLOW_ROOM));
      visitRow(this.#bytes, this.#view, this.#keyStart, this.#keyEnd, this.#valueStart, this.#valueEnd);
    }
    if (!page.isLeaf) this.#walk(page.child[page.count], level + 1, visitRow, visitPages);
  }

  #checkLeafLevel(page: IndexPage, level: number): void {
    if (this.#leafLevel === 0) this.#leafLevel = level;
    if (this.#leafLevel !== level) throw page.fault('a leaf on another level than the first');
    if (page.count === 0 && level > 1) throw page.fault('a leaf without a cell');
  }

  #load(number: number, level: number): IndexPage {
    if (level > DEEPEST) throw this.#pages.fault(number, 'the tree does not end');
    let page = this.#levels[level];
    if (page === undefined) {
      page = new IndexPage(this.#pages);
      this.#levels[level] = page;
    }
    page.load(number);
    return page;
  }

  #readRow(page: IndexPage, i: number): void {
    const { start, size, local, overflow } = page;
    let at = start[i];
    this.#bytes = page.bytes;
    this.#view = page.view;
    if (local[i] < size[i]) {
      const rest = this.#pages.overflow(overflow[i], size[i] - local[i]);
      this.#bytes = Buffer.concat([page.bytes.subarray(at, at + local[i]), rest]);
      this.#view = viewOf(this.#bytes);
      at = 0;
    }
    const end = at + size[i];
    const keyType = readVarint(this.#bytes, at + 1);
    const valueType = readVarint(this.#bytes, at + 1 + varintSize(keyType));
    const headSize = 1 + varintSize(keyType) + varintSize(valueType);
    const { key, value } = this.#types;
    this.#keyStart = at + headSize;
    this.#valueStart = this.#keyStart + length(keyType, key);
    this.#valueEnd = this.#valueStart + length(valueType, value) - value.nul;
    this.#keyEnd = this.#valueStart - key.nul;
    const good =
      this.#bytes[at] === headSize &&
      this.#valueEnd + value.nul === end &&
      this.#keyEnd >= this.#keyStart &&
      this.#valueEnd >= this.#valueStart &&
      (key.nul === 0 || this.#bytes[this.#keyEnd] === 0) &&
      (value.nul === 0 || this.#bytes[this.#valueEnd] === 0);
    if (!good) throw page.fault(`the record of cell ${i} is not a key and a value as they should be`);
  }
}

/** The length of a column, NaN when its type is another than it should be. */
function length(type: number, { text }: ColumnType): number {
  const bytes = (type - (text ? TEXT : BLOB)) / 2;
  return bytes >= 0 && Number.isInteger(bytes) ? bytes : Number.NaN;
}
