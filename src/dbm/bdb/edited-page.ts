import { viewOf } from '../bytes.ts';
import type { Change } from '../format.ts';
import type { Pairs } from '../pairs.ts';
import { itemSize } from './geometry.ts';
import { compareKeys } from './key-order.ts';
import { PAGE, PAGE_HASH, PAGE_HEADER } from './layout.ts';
import { NotPatchable } from './not-patchable.ts';
import { PageBuilder } from './page-builder.ts';

/** What changes in a bucket: numbers of entries of a `Change`. */
export interface BucketChange {
  readonly gone: readonly number[];
  readonly come: readonly number[];
}

/** A place on a page: before the entry of that number, an entry that comes; or that entry, which goes. */
interface Edit {
  readonly at: number;
  readonly put: number | undefined;
}

/** A page that is all of its bucket, as `writeBdb` made it; there are no long items. Entries are numbered in their order. */
export class EditedPage {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #page: number;
  readonly #entries: number;

  private constructor(bytes: Uint8Array, view: DataView, page: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#page = page;
    this.#entries = view.getUint16(PAGE.items, true) / 2;
  }

  /** @returns undefined where its bucket has other pages too @throws NotPatchable where it is no such page */
  static of(bytes: Uint8Array, page: number): EditedPage | undefined {
    const view = viewOf(bytes);
    if (bytes[PAGE.type] !== PAGE_HASH || view.getUint32(PAGE.page, true) !== page)
      throw new NotPatchable('a page is not what was written');
    if (view.getUint32(PAGE.previous, true) !== 0 || view.getUint32(PAGE.next, true) !== 0) return undefined;
    const isEmpty = view.getUint16(PAGE.items, true) === 0;
    if (!isEmpty && bytes[bytes.length - 1] !== 0) throw new NotPatchable('without NULs');
    return new EditedPage(bytes, view, page);
  }

  /**
   * Writes what a change makes of the page to zeroed bytes.
   *
   * @returns how many bytes its entries take; undefined when they need more than a page
   * @throws NotPatchable when an entry that goes is not there, or one that comes is
   */
  edit({ gone, come }: Change, change: BucketChange, to: Uint8Array): number | undefined {
    const pageSize = to.length;
    const edits: Edit[] = [];
    const left = new Set<number>();
    let content = pageSize - this.#start(2 * this.#entries) + 4 * this.#entries;
    for (const i of change.gone) {
      const { at, isThere } = this.#find(gone, i);
      if (!isThere || !this.#hasValue(at, gone, i)) throw new NotPatchable('an entry that goes is not there');
      content -= entrySize(gone, i, pageSize);
      left.add(at);
      edits.push({ at, put: undefined });
    }
    for (const i of change.come) {
      const { at, isThere } = this.#find(come, i);
      if (isThere && !left.has(at)) throw new NotPatchable('an entry that comes is there');
      content += entrySize(come, i, pageSize);
      edits.push({ at, put: i });
    }
    if (content > pageSize - PAGE_HEADER) return undefined;

    edits.sort((a, b) => a.at - b.at || orderAtOnePlace(come, a.put, b.put));
    const builder = new PageBuilder(to);
    let next = 0;
    for (const { at, put } of edits) {
      this.#copy(next, at, builder);
      next = put === undefined ? at + 1 : at;
      if (put !== undefined) builder.add(come, put);
    }
    this.#copy(next, this.#entries, builder);
    builder.finish({ page: this.#page, previous: 0, next: 0 });
    return content;
  }

  /** Where an entry with that key is; without one, where it would be. */
  #find({ pool, keyStart, keyEnd }: Pairs, i: number): { at: number; isThere: boolean } {
    let low = 0;
    let high = this.#entries;
    while (low < high) {
      const at = (low + high) >>> 1;
      const start = this.#start(2 * at + 1) + 1;
      const end = this.#start(2 * at) - 1;
      const order = compareKeys(this.#bytes, start, end, pool, keyStart[i], keyEnd[i], true);
      if (order === 0) return { at, isThere: true };
      if (order < 0) low = at + 1;
      else high = at;
    }
    return { at: low, isThere: false };
  }

  #hasValue(at: number, { pool, valueStart, valueEnd }: Pairs, i: number): boolean {
    const value = this.#bytes.subarray(this.#start(2 * at + 2) + 1, this.#start(2 * at + 1) - 1);
    return Buffer.compare(value, pool.subarray(valueStart[i], valueEnd[i])) === 0;
  }

  #copy(from: number, to: number, builder: PageBuilder): void {
    builder.addItems(this.#bytes, this.#view, 2 * from, 2 * to, this.#start(2 * from));
  }

  /** Where the last of the first `items` items begins, which lie one below the other from the page's end on. */
  #start(items: number): number {
    return items === 0 ? this.#bytes.length : this.#view.getUint16(PAGE_HEADER + 2 * (items - 1), true);
  }
}

/** What goes from a place goes behind what comes there. */
function orderAtOnePlace(come: Pairs, a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  const { pool, keyStart, keyEnd } = come;
  return compareKeys(pool, keyStart[a], keyEnd[a], pool, keyStart[b], keyEnd[b], true);
}

/** What an entry takes on its page. */
export function entrySize(
  { keyStart, keyEnd, valueStart, valueEnd }: Pairs,
  i: number,
  pageSize: number,
): number {
  const key = keyEnd[i] - keyStart[i] + 1;
  const value = valueEnd[i] - valueStart[i] + 1;
  return itemSize(key, pageSize) + itemSize(value, pageSize);
}
