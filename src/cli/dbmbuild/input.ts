import { closeSync, fstatSync, openSync, read } from 'node:fs';
import { grown, LARGEST_FILE, readWhole } from '../../tables/publish/read-file.ts';

const BLOCK = 1 << 20;

/** An open file, or standard input. */
export class Input {
  readonly descriptor: number;

  /** @param path `-` for standard input @throws the operating system's error */
  constructor(path: string) {
    this.descriptor = path === '-' ? 0 : openSync(path, 'r');
  }

  /**
   * Reads everything into `room`, which is asked for once it is known how much that is, at most. Tells how much is there so
   * far: while somebody looks at it, the next bytes are read.
   *
   * @throws the operating system's error, TableTooLargeError
   */
  async *read(room: (size: number) => Uint8Array): AsyncGenerator<number> {
    const size = this.descriptor === 0 ? 0 : fstatSync(this.descriptor).size;
    if (size > 0 && size <= LARGEST_FILE) {
      yield* this.#fill(room(size));
    } else {
      const bytes = this.descriptor === 0 ? await readStream(process.stdin) : readWhole(this.descriptor);
      room(bytes.length).set(bytes);
      yield bytes.length;
    }
  }

  /** Reads ahead. What is added to the file from now on is left out; what is cut off is not there. */
  async *#fill(bytes: Uint8Array): AsyncGenerator<number> {
    let filled = 0;
    let next = this.#block(bytes, filled);
    try {
      for (let count = await next; count > 0; count = await next) {
        filled += count;
        next = this.#block(bytes, filled);
        yield filled;
      }
    } finally {
      await next.catch(() => {});
    }
  }

  #block(bytes: Uint8Array, filled: number): Promise<number> {
    const length = Math.min(BLOCK, bytes.length - filled);
    return new Promise((resolve, reject) => {
      read(this.descriptor, bytes, filled, length, filled, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }

  close(): void {
    if (this.descriptor !== 0) closeSync(this.descriptor);
  }
}

/** A stream copes with a terminal or pipe that does not block. */
async function readStream(stream: AsyncIterable<Buffer>): Promise<Uint8Array> {
  let bytes: Buffer = Buffer.allocUnsafeSlow(1 << 20);
  let used = 0;
  for await (const block of stream) {
    while (used + block.length > bytes.length) bytes = grown(bytes);
    used += block.copy(bytes, used);
  }
  return bytes.subarray(0, used);
}
