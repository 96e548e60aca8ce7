import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DbmError } from './error.ts';

/** A file that is read at any position. */
export class Input {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;

  /** @throws DbmError when it can't be opened, or is no file */
  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (cause) {
      throw new DbmError(path, `cannot open it: ${reason(cause)}`, { cause });
    }
    const stat = fstatSync(this.#descriptor);
    this.size = stat.size;
    if (!stat.isFile()) {
      closeSync(this.#descriptor);
      throw new DbmError(path, 'not a file');
    }
  }

  /** Fills `bytes` from `position` on. @throws DbmError when the file ends before, or can't be read */
  read(bytes: Uint8Array, position: number): void {
    let done = 0;
    while (done < bytes.length) {
      let count: number;
      try {
        count = readSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
      } catch (cause) {
        throw new DbmError(this.path, `cannot read it: ${reason(cause)}`, { offset: position + done, cause });
      }
      if (count === 0) throw this.fault(position + done, 'the file ends early');
      done += count;
    }
  }

  /** The bytes from `position` on, at most `length` of them. */
  bytes(position: number, length: number): Uint8Array {
    const bytes = this.allocate(Math.max(0, Math.min(length, this.size - position)));
    this.read(bytes, position);
    return bytes;
  }

  /** Memory for what the file says it holds. @throws DbmError when that is more than there is */
  allocate(length: number): Uint8Array {
    try {
      return new Uint8Array(length);
    } catch (cause) {
      throw new DbmError(this.path, `too large for the memory of this machine: ${length} bytes`, { cause });
    }
  }

  fault(offset: number, message: string): DbmError {
    return new DbmError(this.path, message, { offset });
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
