import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const LARGEST_READ = 1 << 30;
/** Offsets into a table are 32-bit numbers. */
const LARGEST_INPUT = 2 ** 32 - 1;

/** More input than a table can hold. */
export class InputTooLargeError extends Error {
  override readonly name = 'InputTooLargeError';

  constructor() {
    super('File larger than 4 GiB');
  }
}

/** An open file, or standard input. */
export class Input {
  readonly descriptor: number;

  /** @param path `-` for standard input @throws the operating system's error */
  constructor(path: string) {
    this.descriptor = path === '-' ? 0 : openSync(path, 'r');
  }

  /** Everything, read in large blocks. @throws the operating system's error, InputTooLargeError */
  async read(): Promise<Uint8Array> {
    if (this.descriptor === 0) return readStream(process.stdin);
    let bytes: Buffer = Buffer.allocUnsafeSlow(Math.min(fstatSync(this.descriptor).size, LARGEST_INPUT) + 1);
    let used = 0;
    for (;;) {
      const room = Math.min(LARGEST_READ, bytes.length - used);
      const count = readSync(this.descriptor, bytes, used, room, null);
      if (count === 0) return bytes.subarray(0, used);
      used += count;
      if (used === bytes.length) bytes = grown(bytes);
    }
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

function grown(bytes: Buffer): Buffer {
  if (bytes.length >= LARGEST_INPUT) throw new InputTooLargeError();
  const larger = Buffer.allocUnsafeSlow(Math.min(LARGEST_INPUT, Math.max(bytes.length * 2, 1 << 20)));
  bytes.copy(larger);
  return larger;
}
