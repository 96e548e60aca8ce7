import { copyLoosely, viewOf } from '../bytes.ts';
import type { OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { AHEAD, readAhead } from '../read-ahead.ts';
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
  readonly #nul: number;
  readonly #stream: OutputStream;
  /** The entries of one page, gathered first, so that the processor fetches what lies scattered for many at a time. */
  readonly #keyStart = new Uint32Array(MOST_NODES + 1);
  readonly #keyEnd = new Uint32Array(MOST_NODES + 1);
  readonly #valueStart = new Uint32Array(MOST_NODES + 1);
  readonly #valueEnd = new Uint32Array(MOST_NODES + 1);

  constructor(pairs: Pairs, terminated: boolean, stream: OutputStream, firstPage: number) {
    this.#pairs = pairs;
    this.#poolView = viewOf(pairs.pool);
    this.#nul = terminated ? 1 : 0;
    this.#stream = stream;
    this.nextPage = firstPage;
  }

  /** Writes as many entries of `order` from `from` on as a page holds. Returns the place of the next entry. */
  write(order: Uint32Array, from: number): number {
    let used = 0;
    let count = 0;
    for (; from + count < order.length; count++) {
      if (count % AHEAD === 0) readAhead(this.#pairs, order, from + count);
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

  #keySize(i: number): number {
    return this.#keyEnd[i] - this.#keyStart[i] + this.#nul;
  }

  #valueSize(i: number): number {
    return this.#valueEnd[i] - this.#valueStart[i] + this.#nul;
  }

  #isBig(i: number): boolean {
    return NODE_HEADER + this.#keySize(i) + this.#valueSize(i) > LARGEST_NODE;
  }

  #nodeSize(i: number): number {
    return even(NODE_HEADER + this.#keySize(i) + (this.#isBig(i) ? PAGE_NUMBER_SIZE : this.#valueSize(i)));
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
      const big = this.#isBig(i);
      view.setUint16(start + PAGE_HEADER + INDEX_SIZE * i, at - start, true);
      view.setUint32(at + NODE.low, this.#valueSize(i), true);
      view.setUint16(at + NODE.flags, big ? BIG_DATA : 0, true);
      view.setUint16(at + NODE.keySize, this.#keySize(i), true);
      at = this.#copy(bytes, view, at + NODE.key, this.#keyStart[i], this.#keyEnd[i]);
      if (big) {
        view.setUint32(at, bigPage, true);
        view.setUint32(at + 4, 0, true);
        at += PAGE_NUMBER_SIZE;
        bigPage += overflowPages(this.#valueSize(i), PAGE_SIZE);
      } else {
        at = this.#copy(bytes, view, at, this.#valueStart[i], this.#valueEnd[i]);
      }
      if ((at & 1) === 1) bytes[at++] = 0;
    }
  }

  #copy(bytes: Uint8Array, view: DataView, at: number, start: number, end: number): number {
    const next = copyLoosely(this.#pairs.pool, this.#poolView, start, end, bytes, view, at);
    if (this.#nul === 1) bytes[next] = 0;
    return next + this.#nul;
  }

  /** A value on pages of its own, of which only the first has a header. */
  #writeBig(i: number): void {
    const pages = overflowPages(this.#valueSize(i), PAGE_SIZE);
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
