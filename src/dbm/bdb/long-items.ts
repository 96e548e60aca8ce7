import { PAGE, PAGE_HEADER, PAGE_OVERFLOW } from './layout.ts';
import type { PageFile, PageWindow } from './page-file.ts';

/** Reads items that lie on overflow pages. */
export class LongItems {
  readonly #file: PageFile;
  readonly #window: PageWindow;

  constructor(file: PageFile) {
    this.#file = file;
    this.#window = file.window();
  }

  /**
   * The `total` bytes of the item that begins on page `first`.
   *
   * @throws DbmError when the chain of pages is broken or has another length
   */
  read(first: number, total: number): Uint8Array {
    if (total > this.#file.size)
      throw this.#file.fault(first, `an item of ${total} bytes is longer than the file`);
    const item = new Uint8Array(total);
    let length = 0;
    this.walk(first, (bytes, start, end) => {
      if (length + end - start > total)
        throw this.#file.fault(first, `the item here has more than ${total} bytes`);
      item.set(bytes.subarray(start, end), length);
      length += end - start;
    });
    if (length !== total) throw this.#file.fault(first, `the item here has ${length} bytes, not ${total}`);
    return item;
  }

  /** Gives `visit` each page's part of the item. A page that says what it follows can't be met twice. */
  walk(first: number, visit: (bytes: Uint8Array, start: number, end: number, page: number) => void): void {
    const file = this.#file;
    const little = !file.meta.bigEndian;
    let previous = 0;
    for (let page = first; page !== 0; ) {
      if (page >= file.pageCount)
        throw file.fault(previous, `leads to page ${page}, which is not there`, PAGE.next);
      const base = this.#window.load(page);
      const { bytes, view } = this.#window;
      const type = bytes[base + PAGE.type];
      if (type !== PAGE_OVERFLOW)
        throw file.fault(page, `page type ${type}, not an overflow page`, PAGE.type);
      const ownNumber = view.getUint32(base + PAGE.page, little);
      if (ownNumber !== page) throw file.fault(page, `calls itself page ${ownNumber}`, PAGE.page);
      const ownPrevious = view.getUint32(base + PAGE.previous, little);
      if (ownPrevious !== previous) {
        throw file.fault(page, `follows page ${ownPrevious}, not ${previous}`, PAGE.previous);
      }
      const length = view.getUint16(base + PAGE.low, little);
      if (length > file.pageSize - PAGE_HEADER) throw file.fault(page, `${length} bytes on it`, PAGE.low);
      const start = base + PAGE_HEADER;
      visit(bytes, start, start + length, page);
      previous = page;
      page = view.getUint32(base + PAGE.next, little);
    }
  }
}
