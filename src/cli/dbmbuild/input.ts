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

  /** Reads two blocks ahead. What is added to the file from now on is left out; what is cut off is not there. */
  async *#fill(bytes: Uint8Array): AsyncGenerator<number> {
    const blocks: { end: number; reached: Promise<number> }[] = [];
    let asked = 0;
    const ask = (): void => {
      if (asked === bytes.length) return;
      const end = Math.min(asked + BLOCK, bytes.length);
      const reached = this.#block(bytes, asked, end);
      reached.catch(() => {}); // It may fail while the block before is waited for.
      blocks.push({ end, reached });
      asked = end;
    };
    ask();
    ask();
    try {
      for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
        const filled = await block.reached;
        if (filled === block.end) ask();
        yield filled;
        if (filled < block.end) return;
      }
    } finally {
      await Promise.allSettled(blocks.map(({ reached }) => reached));
    }
  }

  /** Where the block ends: before `end` where the file does. */
  #block(bytes: Uint8Array, start: number, end: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const readOn = (at: number): void =>
        read(this.descriptor, bytes, at, end - at, at, (error, count) => {
          if (error !== null) reject(error);
          else if (count === 0 || at + count === end) resolve(at + count);
          else readOn(at + count);
        });
      readOn(start);
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
