import type { DbmError } from '../error.ts';
import type { PageWindow } from '../page-window.ts';
import {
  BIG_DATA,
  BRANCH,
  even,
  INDEX_SIZE,
  LEAF,
  META_PAGES,
  NODE,
  NODE_HEADER,
  PAGE,
  PAGE_HEADER,
  PAGE_NUMBER_SIZE,
  SUB_DATABASE,
} from './layout.ts';
import type { PageFile } from './page-file.ts';

/**
 * A page of a tree, loaded again and again: its nodes as columns.
 *
 * Node `i` for `i < count` has the key `bytes[keyStart[i], keyEnd[i])`. On a leaf its value is `bytes[valueStart[i],
 * valueEnd[i])`, or, where `bigPage[i]` is not 0, `bigSize[i]` bytes on overflow pages; on a branch `child[i]` is the page
 * that the keys from this one on are below.
 */
export class NodePage {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  page = 0;
  count = 0;
  /** The page is free from `lower` on; the nodes begin at `upper`. */
  lower = 0;
  upper = 0;
  readonly keyStart: Uint32Array;
  readonly keyEnd: Uint32Array;
  readonly valueStart: Uint32Array;
  readonly valueEnd: Uint32Array;
  readonly bigPage: Uint32Array;
  readonly bigSize: Uint32Array;
  readonly child: Uint32Array;
  /** Where each node begins in its page. */
  readonly at: Uint16Array;
  readonly #file: PageFile;
  readonly #window: PageWindow;

  constructor(file: PageFile) {
    this.#file = file;
    this.#window = file.window();
    const mostNodes = Math.floor((file.pageSize - PAGE_HEADER) / (NODE_HEADER + INDEX_SIZE));
    this.keyStart = new Uint32Array(mostNodes);
    this.keyEnd = new Uint32Array(mostNodes);
    this.valueStart = new Uint32Array(mostNodes);
    this.valueEnd = new Uint32Array(mostNodes);
    this.bigPage = new Uint32Array(mostNodes);
    this.bigSize = new Uint32Array(mostNodes);
    this.child = new Uint32Array(mostNodes);
    this.at = new Uint16Array(mostNodes);
  }

  /**
   * Loads page `page` of a tree with the last page `lastPage`.
   *
   * @throws DbmError when it is not what it should be, a leaf or a branch, or its nodes can't be right
   */
  load(page: number, leaf: boolean, lastPage: number): void {
    const file = this.#file;
    if (page < META_PAGES || page > lastPage || page >= file.wholePages) {
      throw file.fault(page, `is not in a file of ${file.wholePages} pages, though a tree leads to it`);
    }
    const base = this.#window.load(page);
    this.bytes = this.#window.bytes;
    this.view = this.#window.view;
    this.page = page;
    const { view } = this;
    const flags = view.getUint16(base + PAGE.flags, true);
    if (flags !== (leaf ? LEAF : BRANCH)) {
      throw file.fault(page, `page flags ${flags}, not those of a ${leaf ? 'leaf' : 'branch'}`, PAGE.flags);
    }
    if (view.getUint32(base, true) !== page || view.getUint32(base + 4, true) !== 0) {
      throw file.fault(page, `calls itself page ${view.getBigUint64(base, true)}`, PAGE.number);
    }
    const lower = view.getUint16(base + PAGE.lower, true);
    const upper = view.getUint16(base + PAGE.upper, true);
    this.count = (lower - PAGE_HEADER) / INDEX_SIZE;
    this.lower = lower;
    this.upper = upper;
    const room = file.pageSize - upper;
    const enough = this.count * NODE_HEADER <= room && lower <= upper && room >= 0;
    if (lower <= PAGE_HEADER || lower % 2 !== 0 || !enough) {
      throw file.fault(page, `free from ${lower} to ${upper}`, PAGE.lower);
    }
    const used = leaf ? this.#readLeaf(base, upper) : this.#readBranch(base, upper);
    if (used !== room) throw file.fault(page, `${used} bytes of nodes on ${room} bytes`, PAGE.upper);
  }

  #readLeaf(base: number, upper: number): number {
    const { view } = this;
    let used = 0;
    for (let i = 0; i < this.count; i++) {
      const at = this.#readKey(base, upper, i);
      const flags = view.getUint16(at + NODE.flags, true);
      const size = view.getUint32(at + NODE.low, true);
      if (flags !== 0 && flags !== BIG_DATA) throw this.#badNode(i, at - base, nodeKind(flags));
      const big = flags === BIG_DATA;
      this.valueStart[i] = this.keyEnd[i];
      this.valueEnd[i] = this.keyEnd[i] + (big ? PAGE_NUMBER_SIZE : size);
      if (this.keyEnd[i] + (big ? PAGE_NUMBER_SIZE : size) > base + this.#file.pageSize) {
        throw this.#badNode(i, at - base, 'reaches beyond the page');
      }
      this.bigPage[i] = 0;
      if (big) this.#readBig(i, size);
      used += even(this.valueEnd[i] - at);
    }
    return used;
  }

  #readBig(i: number, size: number): void {
    const page = this.view.getUint32(this.valueStart[i], true);
    if (page === 0 || this.view.getUint32(this.valueStart[i] + 4, true) !== 0) {
      throw this.#badNode(i, this.at[i], 'leads to no page');
    }
    this.bigPage[i] = page;
    this.bigSize[i] = size;
  }

  #readBranch(base: number, upper: number): number {
    const { view } = this;
    let used = 0;
    for (let i = 0; i < this.count; i++) {
      const at = this.#readKey(base, upper, i);
      if (view.getUint16(at + NODE.flags, true) !== 0) throw this.#badNode(i, at - base, 'leads too far');
      this.child[i] = view.getUint32(at + NODE.low, true);
      used += even(this.keyEnd[i] - at);
    }
    return used;
  }

  /** Returns the place of the node in `bytes`. */
  #readKey(base: number, upper: number, i: number): number {
    const { view } = this;
    const { pageSize } = this.#file;
    const offset = view.getUint16(base + PAGE_HEADER + INDEX_SIZE * i, true);
    if (offset < upper || offset + NODE_HEADER > pageSize || offset % 2 !== 0) {
      throw this.#badNode(i, PAGE_HEADER + INDEX_SIZE * i, `stands at ${offset}`);
    }
    const at = base + offset;
    this.at[i] = offset;
    this.keyStart[i] = at + NODE.key;
    this.keyEnd[i] = at + NODE.key + view.getUint16(at + NODE.keySize, true);
    if (this.keyEnd[i] > base + pageSize)
      throw this.#badNode(i, offset, 'has a key that reaches beyond the page');
    return at;
  }

  #badNode(i: number, offset: number, what: string): DbmError {
    return this.#file.fault(this.page, `node ${i} ${what}`, offset);
  }
}

function nodeKind(flags: number): string {
  return flags === SUB_DATABASE
    ? 'is a named database; a table has none'
    : `has the flags ${flags}; a table has one value for a key`;
}
