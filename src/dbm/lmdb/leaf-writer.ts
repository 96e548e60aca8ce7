import { copyLoosely, viewOf } from '../bytes.ts';
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

/**
 * Writes entries, which are in order, to leaf pages, each followed by the overflow pages of its values. Pages are filled to
 * the brim: nothing is ever added to the file.
 */
export class LeafWriter {
  /** The number of the next page. */
  nextPage: number;
  overflowPages = 0;
  readonly #pairs: Pairs;
  readonly #poolView: DataView;
  readonly #nul: number;
  readonly #stream: OutputStream;

  constructor(pairs: Pairs, terminated: boolean, stream: OutputStream, firstPage: number) {
    this.#pairs = pairs;
    this.#poolView = viewOf(pairs.pool);
    this.#nul = terminated ? 1 : 0;
    this.#stream = stream;
    this.nextPage = firstPage;
  }

  /** Writes as many entries from `from` on as a page holds. Returns the number of the next entry. */
  write(from: number): number {
    const { count } = this.#pairs;
    let used = 0;
    let to = from;
    for (; to < count; to++) {
      const size = this.#nodeSize(to) + INDEX_SIZE;
      if (used + size > ROOM) break;
      used += size;
    }
    const page = this.nextPage++;
    this.#writeLeaf(page, from, to, PAGE_SIZE - (used - INDEX_SIZE * (to - from)));
    for (let i = from; i < to; i++) if (this.#isBig(i)) this.#writeBig(i);
    return to;
  }

  #keySize(i: number): number {
    return this.#pairs.keyEnd[i] - this.#pairs.keyStart[i] + this.#nul;
  }

  #valueSize(i: number): number {
    return this.#pairs.valueEnd[i] - this.#pairs.valueStart[i] + this.#nul;
  }

  #isBig(i: number): boolean {
    return NODE_HEADER + this.#keySize(i) + this.#valueSize(i) > LARGEST_NODE;
  }

  #nodeSize(i: number): number {
    return even(NODE_HEADER + this.#keySize(i) + (this.#isBig(i) ? PAGE_NUMBER_SIZE : this.#valueSize(i)));
  }

  /** The nodes lie in the order of their keys, from `nodesAt` to the page's end. A copy may write beyond its own. */
  #writeLeaf(page: number, from: number, to: number, nodesAt: number): void {
    const { keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
    const start = this.#stream.take(PAGE_SIZE);
    const { bytes, view } = this.#stream.piece;
    const indexEnd = PAGE_HEADER + INDEX_SIZE * (to - from);
    writeHeader(view, start, page, LEAF);
    view.setUint16(start + PAGE.lower, indexEnd, true);
    view.setUint16(start + PAGE.upper, nodesAt, true);
    bytes.fill(0, start + indexEnd, start + nodesAt);

    let bigPage = this.nextPage;
    let at = start + nodesAt;
    for (let i = from; i < to; i++) {
      const big = this.#isBig(i);
      view.setUint16(start + PAGE_HEADER + INDEX_SIZE * (i - from), at - start, true);
      view.setUint32(at + NODE.low, this.#valueSize(i), true);
      view.setUint16(at + NODE.flags, big ? BIG_DATA : 0, true);
      view.setUint16(at + NODE.keySize, this.#keySize(i), true);
      at = this.#copy(bytes, view, at + NODE.key, keyStart[i], keyEnd[i]);
      if (big) {
        view.setUint32(at, bigPage, true);
        view.setUint32(at + 4, 0, true);
        at += PAGE_NUMBER_SIZE;
        bigPage += overflowPages(this.#valueSize(i), PAGE_SIZE);
      } else {
        at = this.#copy(bytes, view, at, valueStart[i], valueEnd[i]);
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
    const { pool, valueStart, valueEnd } = this.#pairs;
    let from = valueStart[i];
    for (let page = 0; page < pages; page++) {
      const start = this.#stream.take(PAGE_SIZE);
      const { bytes, view } = this.#stream.piece;
      const header = page === 0 ? PAGE_HEADER : 0;
      if (page === 0) {
        writeHeader(view, start, this.nextPage, OVERFLOW);
        view.setUint32(start + PAGE.pages, pages, true);
      }
      const part = pool.subarray(from, Math.min(from + PAGE_SIZE - header, valueEnd[i]));
      bytes.set(part, start + header);
      bytes.fill(0, start + header + part.length, start + PAGE_SIZE);
      from += part.length;
    }
    this.nextPage += pages;
    this.overflowPages += pages;
  }
}
