import { OVERFLOW, overflowPages, PAGE, PAGE_HEADER } from './layout.ts';
import type { Meta, Tree } from './meta.ts';
import { NodePage } from './node-page.ts';
import type { PageFile } from './page-file.ts';

/** Compares a key of a page with another: negative, zero, positive. */
export type KeyOrder = (
  a: Uint8Array,
  startA: number,
  endA: number,
  b: Uint8Array,
  startB: number,
  endB: number,
) => number;

export interface Visitor {
  leaf(page: NodePage): void;
  branch?(page: NodePage): void;
}

/** Reads one tree of a file. */
export class TreeReader {
  readonly #file: PageFile;
  readonly #tree: Tree;
  readonly #lastPage: number;
  readonly #order: KeyOrder;
  /** One page for each level, from the root down. */
  readonly #levels: NodePage[] = [];
  #visited = 0;

  constructor(file: PageFile, meta: Meta, tree: Tree, order: KeyOrder = byBytes) {
    this.#file = file;
    this.#tree = tree;
    this.#lastPage = meta.lastPage;
    this.#order = order;
  }

  /** The leaf on which `key` is, and its place there; undefined when it is not in the tree. @throws DbmError */
  find(key: Uint8Array): { leaf: NodePage; place: number } | undefined {
    const { root, depth } = this.#tree;
    if (root === undefined) return undefined;
    let number = root;
    for (let level = 1; level < depth; level++) {
      const branch = this.#load(number, level);
      number = branch.child[this.#lastNotAbove(branch, key, 1)];
    }
    const leaf = this.#load(number, depth);
    const place = this.#lastNotAbove(leaf, key, 0);
    const { bytes, keyStart, keyEnd } = leaf;
    const found = place >= 0 && this.#order(bytes, keyStart[place], keyEnd[place], key, 0, key.length) === 0;
    return found ? { leaf, place } : undefined;
  }

  /**
   * Visits the tree's pages, the leaves from left to right. A page's content is valid until the visitor returns.
   *
   * @throws DbmError when a page is damaged, or a key stands where a lookup would not find it
   */
  walk(visitor: Visitor): void {
    this.#visited = 0;
    if (this.#tree.root !== undefined) this.#visit(visitor, this.#tree.root, 1, undefined, undefined);
  }

  /**
   * The value of a leaf's node, a copy.
   *
   * @throws DbmError when it lies on overflow pages that can't be right
   */
  value(leaf: NodePage, i: number): Uint8Array {
    if (leaf.bigPage[i] === 0) return leaf.bytes.slice(leaf.valueStart[i], leaf.valueEnd[i]);
    const first = leaf.bigPage[i];
    this.bigPages(first, leaf.bigSize[i]);
    return this.#file.copy(first * this.#file.pageSize + PAGE_HEADER, leaf.bigSize[i]);
  }

  /** How many pages the value of `size` bytes from page `first` on occupies. @throws DbmError when they can't be right */
  bigPages(first: number, size: number): number {
    const file = this.#file;
    const least = overflowPages(size, file.pageSize);
    if (first + least > Math.min(this.#lastPage + 1, file.wholePages)) {
      throw file.fault(first, `the value of ${size} bytes here goes beyond the last page`);
    }
    const header = new Uint8Array(PAGE_HEADER);
    file.read(header, first * file.pageSize);
    const view = new DataView(header.buffer);
    const flags = view.getUint16(PAGE.flags, true);
    if (flags !== OVERFLOW)
      throw file.fault(first, `page flags ${flags}, not an overflow page's`, PAGE.flags);
    if (view.getBigUint64(PAGE.number, true) !== BigInt(first)) {
      throw file.fault(first, `calls itself page ${view.getBigUint64(PAGE.number, true)}`, PAGE.number);
    }
    const pages = view.getUint32(PAGE.pages, true);
    if (pages < least) throw file.fault(first, `${pages} pages for ${size} bytes`, PAGE.pages);
    if (first + pages > this.#lastPage + 1)
      throw file.fault(first, `${pages} pages from here on`, PAGE.pages);
    return pages;
  }

  #load(page: number, level: number): NodePage {
    let node = this.#levels[level];
    if (node === undefined) {
      node = new NodePage(this.#file);
      this.#levels[level] = node;
    }
    node.load(page, level === this.#tree.depth, this.#lastPage);
    return node;
  }

  /** The last node from `first` on whose key is not above `key`, or the one before `first`. */
  #lastNotAbove(page: NodePage, key: Uint8Array, first: number): number {
    const { bytes, keyStart, keyEnd } = page;
    let low = first;
    let high = page.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (this.#order(bytes, keyStart[middle], keyEnd[middle], key, 0, key.length) <= 0) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  /** `low` is the least key that may be below `number`, `high` the first that may not. */
  #visit(
    visitor: Visitor,
    number: number,
    level: number,
    low: Uint8Array | undefined,
    high: Uint8Array | undefined,
  ): void {
    if (++this.#visited > this.#file.wholePages) throw this.#file.fault(number, 'is used twice');
    const page = this.#load(number, level);
    const isLeaf = level === this.#tree.depth;
    this.#checkOrder(page, isLeaf ? 0 : 1, low, high);
    if (isLeaf) {
      visitor.leaf(page);
      return;
    }
    visitor.branch?.(page);
    const children = page.child.slice(0, page.count);
    const keys = Array.from(children, (_, i) => page.bytes.slice(page.keyStart[i], page.keyEnd[i]));
    children.forEach((child, i) => {
      this.#visit(
        visitor,
        child,
        level + 1,
        i === 0 ? low : keys[i],
        i + 1 < keys.length ? keys[i + 1] : high,
      );
    });
  }

  #checkOrder(
    page: NodePage,
    first: number,
    low: Uint8Array | undefined,
    high: Uint8Array | undefined,
  ): void {
    const { bytes, keyStart, keyEnd } = page;
    const last = page.count - 1;
    if (first > last) return;
    const order = this.#order;
    if (low !== undefined && order(bytes, keyStart[first], keyEnd[first], low, 0, low.length) < 0) {
      throw this.#file.fault(
        page.page,
        `node ${first} has a key below those that belong here`,
        page.at[first],
      );
    }
    for (let i = first + 1; i <= last; i++) {
      if (order(bytes, keyStart[i - 1], keyEnd[i - 1], bytes, keyStart[i], keyEnd[i]) >= 0) {
        throw this.#file.fault(page.page, `node ${i} is out of order`, page.at[i]);
      }
    }
    if (high !== undefined && order(bytes, keyStart[last], keyEnd[last], high, 0, high.length) >= 0) {
      throw this.#file.fault(page.page, `node ${last} has a key above those that belong here`, page.at[last]);
    }
  }
}

/** The order of a table's keys: memcmp's, the shorter first. */
export function byBytes(
  a: Uint8Array,
  startA: number,
  endA: number,
  b: Uint8Array,
  startB: number,
  endB: number,
): number {
  const end = startA + Math.min(endA - startA, endB - startB);
  for (let atA = startA, atB = startB; atA < end; atA++, atB++) {
    const difference = a[atA] - b[atB];
    if (difference !== 0) return difference;
  }
  return endA - startA - (endB - startB);
}
