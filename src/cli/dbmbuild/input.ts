import { closeSync, openSync } from 'node:fs';
import { grown, readWhole } from '../../tables/read-file.ts';

/** An open file, or standard input. */
export class Input {
  readonly descriptor: number;

  /** @param path `-` for standard input @throws the operating system's error */
  constructor(path: string) {
    this.descriptor = path === '-' ? 0 : openSync(path, 'r');
  }

  /** Everything, read in large blocks. @throws the operating system's error, TableTooLargeError */
  async read(): Promise<Uint8Array> {
    if (this.descriptor === 0) return readStream(process.stdin);
    return readWhole(this.descriptor);
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
