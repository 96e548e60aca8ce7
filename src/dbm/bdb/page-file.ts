import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DbmError } from '../error.ts';
import { META_SIZE } from './layout.ts';
import { type Meta, readMeta } from './meta.ts';

/** An open Berkeley DB file as numbered pages. */
export class PageFile {
  readonly path: string;
  readonly size: number;
  readonly meta: Meta;
  readonly #descriptor: number;

  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (cause) {
      throw new DbmError(path, `cannot open it: ${reason(cause)}`, { cause });
    }
    try {
      this.size = fstatSync(this.#descriptor).size;
      const head = new Uint8Array(Math.min(META_SIZE, this.size));
      this.#read(head, 0);
      this.meta = readMeta(path, head);
      const needed = (this.meta.lastPage + 1) * this.meta.pageSize;
      if (this.size < needed) {
        throw new DbmError(path, `truncated: ${this.size} bytes, its meta page says ${needed}`, {
          offset: this.size,
        });
      }
    } catch (error) {
      closeSync(this.#descriptor);
      throw error instanceof DbmError
        ? error
        : new DbmError(path, `cannot read it: ${reason(error)}`, { cause: error });
    }
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
    try {
      this.#read(bytes.subarray(0, pages * this.pageSize), page * this.pageSize);
    } catch (cause) {
      if (cause instanceof DbmError) throw cause;
      throw new DbmError(this.path, `cannot read it: ${reason(cause)}`, {
        offset: page * this.pageSize,
        cause,
      });
    }
    return pages;
  }

  /** An error about a place in a page. */
  fault(page: number, message: string, offset = 0): DbmError {
    return new DbmError(this.path, `page ${page}: ${message}`, { offset: page * this.pageSize + offset });
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(bytes: Uint8Array, position: number): void {
    let done = 0;
    while (done < bytes.length) {
      const count = readSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
      if (count === 0) throw new DbmError(this.path, 'the file ends early', { offset: position + done });
      done += count;
    }
  }
}

const WINDOW_SIZE = 1 << 20;

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

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
