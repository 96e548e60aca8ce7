import { DbmError } from '../error.ts';
import { Input } from '../input.ts';
import { META_SIZE } from './layout.ts';
import { type Meta, readMeta } from './meta.ts';

/** An open Berkeley DB file as numbered pages. */
export class PageFile {
  readonly path: string;
  readonly meta: Meta;
  readonly #input: Input;

  /** @throws DbmError when the file can't be read, is of another format or truncated */
  constructor(path: string) {
    this.path = path;
    this.#input = new Input(path);
    try {
      this.meta = readMeta(path, this.#input.bytes(0, META_SIZE));
      const needed = this.pageCount * this.pageSize;
      if (this.size < needed) {
        throw this.#input.fault(this.size, `truncated: ${this.size} bytes, its meta page says ${needed}`);
      }
    } catch (error) {
      this.#input.close();
      throw error;
    }
  }

  get size(): number {
    return this.#input.size;
  }

  get pageSize(): number {
    return this.meta.pageSize;
  }

  get pageCount(): number {
    return this.meta.lastPage + 1;
  }

  /** A window through which pages are read one by one. */
  window(): PageWindow {
    return new PageWindow(this);
  }

  /** Reads as many whole pages from `page` on as fit into `bytes` and are there. Returns their number. */
  readPages(page: number, bytes: Uint8Array): number {
    const pages = Math.min(Math.floor(bytes.length / this.pageSize), this.pageCount - page);
    this.#input.read(bytes.subarray(0, pages * this.pageSize), page * this.pageSize);
    return pages;
  }

  /** An error about a place in a page. */
  fault(page: number, message: string, offset = 0): DbmError {
    return new DbmError(this.path, `page ${page}: ${message}`, { offset: page * this.pageSize + offset });
  }

  close(): void {
    this.#input.close();
  }
}

const WINDOW_SIZE = 1 << 18;

/**
 * The pages read last. Reads a single page where pages are asked for here and there, and far ahead as soon as they are
 * asked for one after the other.
 */
export class PageWindow {
  bytes: Uint8Array;
  view: DataView;
  readonly #file: PageFile;
  #first = 0;
  #count = 0;

  constructor(file: PageFile) {
    this.#file = file;
    this.bytes = new Uint8Array(file.pageSize);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes `page` readable and returns its place in `bytes`, valid until the next call. */
  load(page: number): number {
    if (page >= this.#first && page < this.#first + this.#count)
      return (page - this.#first) * this.#file.pageSize;
    if (page === this.#first + this.#count && this.bytes.length < WINDOW_SIZE) {
      this.bytes = new Uint8Array(WINDOW_SIZE);
      this.view = new DataView(this.bytes.buffer);
    }
    const ahead = page === this.#first + this.#count;
    this.#count = 0;
    this.#count = this.#file.readPages(
      page,
      ahead ? this.bytes : this.bytes.subarray(0, this.#file.pageSize),
    );
    this.#first = page;
    return 0;
  }
}
