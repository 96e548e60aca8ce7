import type { OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import {
  BIG_DATA,
  even,
  INDEX_SIZE,
  LEAF,
  largestNode,
  NODE,
  NODE_HEADER,
  OVERFLOW,
  overflowPages,
  PAGE,
  PAGE_HEADER,
  PAGE_NUMBER_SIZE,
  PAGE_SIZE,
} from './layout.ts';
import { writeHeader } from './page-header.ts';

const LARGEST_NODE = largestNode(PAGE_SIZE);
const ROOM = PAGE_SIZE - PAGE_HEADER;
const MOST_NODES = ROOM / (NODE_HEADER + INDEX_SIZE);
/** Longer ranges are copied by the runtime, shorter ones by a loop, which is faster for them. */
const SHORT = 192;

/**
 * Writes entries to leaf pages, one after the other, each followed by the overflow pages of its values. Pages are filled
 * to the brim: nothing is ever added to the file.
 */
export class LeafWriter {
  /** The number of the next page. */
  nextPage: number;
  overflowPages = 0;
  readonly #pairs: Pairs;
  readonly #poolView: DataView;
  readonly #stream: OutputStream;
  /** The entries of one page, gathered first, so that the processor fetches what lies scattered for many at a time. */
  readonly #keyStart = new Uint32Array(MOST_NODES + 1);
  readonly #keyEnd = new Uint32Array(MOST_NODES + 1);
  readonly #valueStart = new Uint32Array(MOST_NODES + 1);
  readonly #valueEnd = new Uint32Array(MOST_NODES + 1);

  constructor(pairs: Pairs, stream: OutputStream, firstPage: number) {
    this.#pairs = pairs;
    this.#poolView = new DataView(pairs.pool.buffer, pairs.pool.byteOffset, pairs.pool.byteLength);
    this.#stream = stream;
    this.nextPage = firstPage;
  }

  /** Writes as many entries of `order` from `from` on as a page holds. Returns the place of the next entry. */
  write(order: Uint32Array, from: number): number {
    let used = 0;
    let count = 0;
    for (; from + count < order.length; count++) {
      this.#gather(order[from + count], count);
      const size = this.#nodeSize(count) + INDEX_SIZE;
      if (used + size > ROOM) break;
      used += size;
    }
    const page = this.nextPage++;
    const nodesAt = PAGE_SIZE - (used - INDEX_SIZE * count);
    this.#writeLeaf(page, count, nodesAt);
    for (let i = 0; i < count; i++) if (this.#isBig(i)) this.#writeBig(i);
    return from + count;
  }

  #gather(entry: number, i: number): void {
    const { keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
    this.#keyStart[i] = keyStart[entry];
    this.#keyEnd[i] = keyEnd[entry];
    this.#valueStart[i] = valueStart[entry];
    this.#valueEnd[i] = valueEnd[entry];
  }

  #isBig(i: number): boolean {
    const key = this.#keyEnd[i] - this.#keyStart[i];
    return NODE_HEADER + key + this.#valueEnd[i] - this.#valueStart[i] > LARGEST_NODE;
  }

  #nodeSize(i: number): number {
    const value = this.#isBig(i) ? PAGE_NUMBER_SIZE : this.#valueEnd[i] - this.#valueStart[i];
    return even(NODE_HEADER + this.#keyEnd[i] - this.#keyStart[i] + value);
  }

  /** The nodes lie in the order of their keys, from `nodesAt` to the page's end. A copy may write beyond its own. */
  #writeLeaf(page: number, count: number, nodesAt: number): void {
    const start = this.#stream.take(PAGE_SIZE);
    const { bytes, view } = this.#stream.piece;
    const indexEnd = PAGE_HEADER + INDEX_SIZE * count;
    writeHeader(view, start, page, LEAF);
    view.setUint16(start + PAGE.lower, indexEnd, true);
    view.setUint16(start + PAGE.upper, nodesAt, true);
    bytes.fill(0, start + indexEnd, start + nodesAt);

    let bigPage = this.nextPage;
    let at = start + nodesAt;
    for (let i = 0; i < count; i++) {
      const keySize = this.#keyEnd[i] - this.#keyStart[i];
      const valueSize = this.#valueEnd[i] - this.#valueStart[i];
      const big = this.#isBig(i);
      view.setUint16(start + PAGE_HEADER + INDEX_SIZE * i, at - start, true);
      view.setUint32(at + NODE.low, valueSize, true);
      view.setUint16(at + NODE.flags, big ? BIG_DATA : 0, true);
      view.setUint16(at + NODE.keySize, keySize, true);
      at = this.#copy(bytes, view, at + NODE.key, this.#keyStart[i], this.#keyEnd[i]);
      if (big) {
        view.setUint32(at, bigPage, true);
        view.setUint32(at + 4, 0, true);
        at += PAGE_NUMBER_SIZE;
        bigPage += overflowPages(valueSize, PAGE_SIZE);
      } else {
        at = this.#copy(bytes, view, at, this.#valueStart[i], this.#valueEnd[i]);
      }
      if ((at & 1) === 1) bytes[at++] = 0;
    }
  }

  /** Copies `pool[from, to)`; may write up to three bytes more. Returns the place behind. */
  #copy(bytes: Uint8Array, view: DataView, at: number, from: number, to: number): number {
    const length = to - from;
    const poolView = this.#poolView;
    if (length > SHORT || to + 4 > poolView.byteLength) {
      bytes.set(this.#pairs.pool.subarray(from, to), at);
    } else {
      for (let i = 0; i < length; i += 4) view.setUint32(at + i, poolView.getUint32(from + i, true), true);
    }
    return at + length;
  }

  /** A value on pages of its own, of which only the first has a header. */
  #writeBig(i: number): void {
    const pages = overflowPages(this.#valueEnd[i] - this.#valueStart[i], PAGE_SIZE);
    const { pool } = this.#pairs;
    let from = this.#valueStart[i];
    for (let page = 0; page < pages; page++) {
      const start = this.#stream.take(PAGE_SIZE);
      const { bytes, view } = this.#stream.piece;
      const header = page === 0 ? PAGE_HEADER : 0;
      if (page === 0) {
        writeHeader(view, start, this.nextPage, OVERFLOW);
        view.setUint32(start + PAGE.pages, pages, true);
      }
      const part = pool.subarray(from, Math.min(from + PAGE_SIZE - header, this.#valueEnd[i]));
      bytes.set(part, start + header);
      bytes.fill(0, start + header + part.length, start + PAGE_SIZE);
      from += part.length;
    }
    this.nextPage += pages;
    this.overflowPages += pages;
  }
}
