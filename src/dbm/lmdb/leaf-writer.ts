import type { OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import {
  BIG_DATA,
  even,
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

/** What a page has room for. */
export const ROOM = PAGE_SIZE - PAGE_HEADER;
/** A place in a page's index. */
export const INDEX_SIZE = 2;
const LARGEST_NODE = largestNode(PAGE_SIZE);
const MOST_NODES = ROOM / (NODE_HEADER + INDEX_SIZE);
/** Longer ranges are copied by the runtime, shorter ones by a loop, which is faster for them. */
const SHORT = 192;

/**
 * Writes entries to leaf pages, one page after the other, each followed by the overflow pages of its values. The pages are
 * filled to the brim: nothing is ever added to the file.
 */
export class LeafWriter {
  /** Of the values that did not fit into a node. */
  overflowPages = 0;
  readonly #pairs: Pairs;
  readonly #poolView: DataView;
  readonly #stream: OutputStream;
  /** The entries of the page that is being written: gathered first, so that what lies scattered is fetched together. */
  readonly #keyStart = new Uint32Array(MOST_NODES);
  readonly #keyEnd = new Uint32Array(MOST_NODES);
  readonly #valueStart = new Uint32Array(MOST_NODES);
  readonly #valueEnd = new Uint32Array(MOST_NODES);

  constructor(pairs: Pairs, stream: OutputStream) {
    this.#pairs = pairs;
    this.#poolView = new DataView(pairs.pool.buffer, pairs.pool.byteOffset, pairs.pool.byteLength);
    this.#stream = stream;
  }

  /** Writes page `page` with as many entries of `order` from `from` on as it holds. Returns the place behind the last. */
  write(page: number, order: Uint32Array, from: number): number {
    let used = 0;
    let count = 0;
    for (; from + count < order.length; count++) {
      this.#gather(order[from + count], count);
      const size = even(this.#isBig(count) ? this.#keyNode(count) + PAGE_NUMBER_SIZE : this.#node(count));
      if (used + size + INDEX_SIZE > ROOM) break;
      used += size + INDEX_SIZE;
    }
    this.#writePage(page, count, used - INDEX_SIZE * count);
    for (let i = 0; i < count; i++) if (this.#isBig(i)) this.#writeBig(i, page + 1 + this.overflowPages);
    return from + count;
  }

  #gather(entry: number, i: number): void {
    const { keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
    this.#keyStart[i] = keyStart[entry];
    this.#keyEnd[i] = keyEnd[entry];
    this.#valueStart[i] = valueStart[entry];
    this.#valueEnd[i] = valueEnd[entry];
  }

  #keyNode(i: number): number {
    return NODE_HEADER + this.#keyEnd[i] - this.#keyStart[i];
  }

  #node(i: number): number {
    return this.#keyNode(i) + this.#valueEnd[i] - this.#valueStart[i];
  }

  #isBig(i: number): boolean {
    return this.#node(i) > LARGEST_NODE;
  }
}
