import type { DbmError } from '../error.ts';
import type { Input } from '../input.ts';
import type { Pages } from '../page-window.ts';
import { OVERFLOW_ROOM, PAGE_NUMBER_SIZE, PAGE_SIZE } from './layout.ts';

/** The pages of a file of ours. They are numbered from 1. */
export class OwnPages implements Pages {
  readonly pageSize = PAGE_SIZE;
  readonly wholePages: number;
  readonly #input: Input;

  constructor(input: Input) {
    this.#input = input;
    this.wholePages = Math.floor(input.size / PAGE_SIZE);
  }

  read(bytes: Uint8Array, position: number): void {
    this.#input.read(bytes, position);
  }

  /** @throws DbmError when no page of a tree can have this number */
  checkNumber(page: number): void {
    if (page < 2 || page > this.wholePages)
      throw this.fault(page, 'is not in the file, though something leads to it');
  }

  /**
   * The `length` bytes on overflow pages from `page` on; each must be followed by the next, as we write them.
   *
   * @throws DbmError when they are not
   */
  overflow(page: number, length: number): Uint8Array {
    const count = Math.ceil(length / OVERFLOW_ROOM);
    this.checkNumber(page);
    this.checkNumber(page + count - 1);
    const pages = this.#input.bytes((page - 1) * PAGE_SIZE, count * PAGE_SIZE);
    const view = new DataView(pages.buffer);
    const bytes = this.#input.allocate(length);
    for (let i = 0; i < count; i++) {
      const next = i === count - 1 ? 0 : page + i + 1;
      if (view.getUint32(i * PAGE_SIZE) !== next) {
        throw this.fault(page + i, `is followed by page ${view.getUint32(i * PAGE_SIZE)}, not ${next}`);
      }
      const start = i * PAGE_SIZE + PAGE_NUMBER_SIZE;
      const size = Math.min(OVERFLOW_ROOM, length - i * OVERFLOW_ROOM);
      bytes.set(pages.subarray(start, start + size), i * OVERFLOW_ROOM);
    }
    return bytes;
  }

  /** An error about a place in a page. */
  fault(page: number, message: string, offset = 0): DbmError {
    return this.#input.fault((page - 1) * PAGE_SIZE + offset, `page ${page}: ${message}`);
  }
}
