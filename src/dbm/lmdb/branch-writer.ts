import { viewOf } from '../bytes.ts';
import type { OutputStream } from '../output.ts';
import { WrongRecordError } from '../wrong-record.ts';
import { BRANCH, even, INDEX_SIZE, NODE, NODE_HEADER, PAGE, PAGE_HEADER, PAGE_SIZE } from './layout.ts';
import { writeHeader } from './page-header.ts';

const ROOM = PAGE_SIZE - PAGE_HEADER;

/** The pages of one level of the tree, from left to right. */
export interface Level {
  readonly pages: number[];
  /** The first key below each page. */
  readonly keys: Uint8Array[];
}

/** Writes the branch pages of a tree, level by level from the leaves up. */
export class BranchWriter {
  readonly #nul: number;
  readonly #stream: OutputStream;

  constructor(nul: 0 | 1, stream: OutputStream) {
    this.#nul = nul;
    this.#stream = stream;
  }

  /** Writes the level above `children` from page `firstPage` on. */
  write(children: Level, firstPage: number): Level {
    const level: Level = { pages: [], keys: [] };
    for (let from = 0; from < children.pages.length; ) {
      const to = this.#reach(children, from);
      const page = firstPage + level.pages.length;
      level.pages.push(page);
      level.keys.push(children.keys[from]);
      this.#writePage(page, children, from, to);
      from = to;
    }
    return level;
  }

  /** How far a page from child `from` on reaches. liblmdb wants two children at least, so the last one stays not alone. */
  #reach(children: Level, from: number): number {
    const total = children.pages.length;
    let used = 0;
    let to = from;
    for (; to < total; to++) {
      used += even(NODE_HEADER + this.#keySize(children, to, from)) + INDEX_SIZE;
      if (used > ROOM) break;
    }
    return to === total - 1 ? to - 1 : to;
  }

  /** A page's first key is never looked at, and is left out. */
  #keySize(children: Level, child: number, first: number): number {
    return child === first ? 0 : children.keys[child].length + this.#nul;
  }

  #writePage(page: number, children: Level, from: number, to: number): void {
    const start = this.#stream.take(PAGE_SIZE);
    const { bytes, view } = this.#stream.piece;
    bytes.fill(0, start, start + PAGE_SIZE);
    let at = start + PAGE_SIZE;
    for (let child = to - 1; child >= from; child--) {
      const keySize = this.#keySize(children, child, from);
      at -= even(NODE_HEADER + keySize);
      view.setUint16(start + PAGE_HEADER + INDEX_SIZE * (child - from), at - start, true);
      view.setUint32(at + NODE.low, children.pages[child], true);
      view.setUint16(at + NODE.keySize, keySize, true);
      if (child > from) bytes.set(children.keys[child], at + NODE.key);
    }
    writeHeader(view, start, page, BRANCH);
    view.setUint16(start + PAGE.lower, PAGE_HEADER + INDEX_SIZE * (to - from), true);
    view.setUint16(start + PAGE.upper, at - start, true);
    if (!this.#leadsTo(children, from, to, bytes.subarray(start, start + PAGE_SIZE)))
      throw new WrongRecordError(page * PAGE_SIZE);
  }

  /** Whether a page that was written leads to these children, by their first keys. */
  #leadsTo(children: Level, from: number, to: number, page: Uint8Array): boolean {
    const view = viewOf(page);
    for (let child = from; child < to; child++) {
      const at = view.getUint16(PAGE_HEADER + INDEX_SIZE * (child - from), true);
      const keySize = view.getUint16(at + NODE.keySize, true);
      const key = page.subarray(at + NODE.key, at + NODE.key + keySize - (child === from ? 0 : this.#nul));
      const expected = child === from ? key.subarray(0, 0) : children.keys[child];
      if (view.getUint32(at + NODE.low, true) !== children.pages[child]) return false;
      if (keySize !== this.#keySize(children, child, from) || Buffer.compare(key, expected) !== 0)
        return false;
    }
    return true;
  }
}
