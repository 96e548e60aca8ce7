import type { DbmError } from '../error.ts';
import { PageWindow } from '../page-window.ts';
import {
  INTERIOR,
  INTERIOR_HEADER,
  LEAF,
  LEAF_HEADER,
  localSize,
  PAGE,
  PAGE_NUMBER_SIZE,
  PAGE_SIZE,
  POINTER_SIZE,
} from './layout.ts';
import type { OwnPages } from './own-pages.ts';
import { readVarint, varintSize } from './varint.ts';

const MOST_CELLS = (PAGE_SIZE - LEAF_HEADER) / (POINTER_SIZE + 4);

/**
 * A page of a table without row numbers, loaded again and again: its cells as columns.
 *
 * Cell `i` for `i < count` has the record `bytes[start[i], start[i] + local[i])`, and where `size[i]` is more than `local[i]`,
 * the rest on overflow pages from `overflow[i]` on. On an interior page `child[i]` is the page left of the cell, and
 * `child[count]` the one right of the last.
 */
export class IndexPage {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  page = 0;
  isLeaf = true;
  count = 0;
  readonly start = new Uint32Array(MOST_CELLS);
  readonly size = new Uint32Array(MOST_CELLS);
  readonly local = new Uint32Array(MOST_CELLS);
  readonly overflow = new Uint32Array(MOST_CELLS);
  readonly child = new Uint32Array(MOST_CELLS + 1);
  readonly #pages: OwnPages;
  readonly #window: PageWindow;
  #base = 0;

  constructor(pages: OwnPages) {
    this.#pages = pages;
    this.#window = new PageWindow(pages);
  }

  /** @throws DbmError when the page is none of a tree's, or its cells don't lie as we write them: side by side, in order */
  load(page: number): void {
    this.#pages.checkNumber(page);
    this.#base = this.#window.load(page - 1);
    this.bytes = this.#window.bytes;
    this.view = this.#window.view;
    this.page = page;
    const type = this.bytes[this.#base + PAGE.type];
    if (type !== LEAF && type !== INTERIOR) throw this.fault(`page type ${type}`, PAGE.type);
    this.isLeaf = type === LEAF;
    this.#readCells(this.isLeaf ? LEAF_HEADER : INTERIOR_HEADER);
    if (!this.isLeaf) this.child[this.count] = this.view.getUint32(this.#base + PAGE.right);
  }

  fault(message: string, offset = 0): DbmError {
    return this.#pages.fault(this.page, message, offset);
  }

  #readCells(header: number): void {
    const { bytes, view } = this;
    const base = this.#base;
    const end = base + PAGE_SIZE;
    this.count = view.getUint16(base + PAGE.cells);
    const content = view.getUint16(base + PAGE.content);
    if (this.count > MOST_CELLS || header + POINTER_SIZE * this.count > content || content > PAGE_SIZE) {
      throw this.fault(`${this.count} cells from ${content} on`, PAGE.cells);
    }
    if (view.getUint16(base + PAGE.freeBlock) !== 0 || bytes[base + PAGE.fragments] !== 0) {
      throw this.fault('parts of it are free', PAGE.freeBlock);
    }
    let at = base + content;
    for (let i = 0; i < this.count; i++) {
      if (view.getUint16(base + header + POINTER_SIZE * i) !== at - base || at + 4 > end) {
        throw this.fault(`cell ${i} lies elsewhere than behind the one before`, header + POINTER_SIZE * i);
      }
      at = this.#readCell(i, at, end);
    }
    if (at !== end) throw this.fault('the cells do not end with the page', PAGE.content);
  }

  /** Returns the place behind the cell. */
  #readCell(i: number, at: number, end: number): number {
    let next = at;
    if (!this.isLeaf) {
      this.child[i] = this.view.getUint32(next);
      next += PAGE_NUMBER_SIZE;
    }
    const size = readVarint(this.bytes, next);
    next += varintSize(size);
    const local = localSize(size);
    this.start[i] = next;
    this.size[i] = size;
    this.local[i] = local;
    next += local;
    const spills = local < size;
    if (size < 3 || size >= 2 ** 32 || next + (spills ? PAGE_NUMBER_SIZE : 0) > end) {
      throw this.fault(`cell ${i} has a record of ${size} bytes`, at - this.#base);
    }
    this.overflow[i] = spills ? this.view.getUint32(next) : 0;
    return next + (spills ? PAGE_NUMBER_SIZE : 0);
  }
}
