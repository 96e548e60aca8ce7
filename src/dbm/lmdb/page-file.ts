import { DbmError } from '../error.ts';
import { Input } from '../input.ts';
import { type Pages, PageWindow } from '../page-window.ts';
import { META_SIZE } from './layout.ts';
import { type Meta, readMeta } from './meta.ts';

/** An open LMDB file as numbered pages. */
export class PageFile implements Pages {
  readonly path: string;
  readonly pageSize: number;
  /** Both meta pages, the one of the latest transaction first. */
  readonly metas: readonly [Meta, Meta];
  readonly #input: Input;

  /** @throws DbmError when the file can't be read or isn't of this format */
  constructor(path: string) {
    this.path = path;
    this.#input = new Input(path);
    try {
      const first = this.#readMeta(0, 0);
      const second = this.#readMeta(1, first.pageSize);
      this.pageSize = first.pageSize;
      if (second.pageSize !== first.pageSize) {
        throw new DbmError(
          path,
          `its meta pages name the page sizes ${first.pageSize} and ${second.pageSize}`,
        );
      }
      this.metas = first.transaction < second.transaction ? [second, first] : [first, second];
    } catch (error) {
      this.#input.close();
      throw error;
    }
  }

  get size(): number {
    return this.#input.size;
  }

  /** Whole pages in the file; a meta page may count more, free ones that were never written. */
  get wholePages(): number {
    return Math.floor(this.size / this.pageSize);
  }

  /** A window through which pages are read one by one. */
  window(): PageWindow {
    return new PageWindow(this);
  }

  /** Fills `bytes` from `position` on. @throws DbmError when the file ends before */
  read(bytes: Uint8Array, position: number): void {
    this.#input.read(bytes, position);
  }

  /** A value's bytes, which must be in the file. @throws DbmError when they are more than there is memory for */
  copy(position: number, length: number): Uint8Array {
    return this.#input.bytes(position, length);
  }

  /** An error about a place in a page. */
  fault(page: number, message: string, offset = 0): DbmError {
    return new DbmError(this.path, `page ${page}: ${message}`, { offset: page * this.pageSize + offset });
  }

  close(): void {
    this.#input.close();
  }

  #readMeta(number: number, position: number): Meta {
    const head = this.#input.bytes(position, META_SIZE);
    return readMeta(this.path, head, number, position);
  }
}
