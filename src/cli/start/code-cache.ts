import { readFileSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Three CRC-32s, little-endian: of the source, of the Node that compiled it, and of the data. */
const HEADER_BYTES = 12;

/**
 * What V8 made of a source, in a file beside it. V8 takes such data on trust, as long as the length of the source and its own version
 * and flags are the same: a damaged file would crash it, or make it run something else. Whoever may write this file may write
 * the source.
 */
export class CodeCache {
  readonly #file: string;
  readonly #source: Uint8Array;

  constructor(file: string, source: Uint8Array) {
    this.#file = file;
    this.#source = source;
  }

  /** @returns undefined where there is none, or one that is of another source or another Node, or is damaged */
  read(): Buffer | undefined {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.#file);
    } catch {
      return undefined;
    }
    const data = bytes.subarray(HEADER_BYTES);
    return bytes.subarray(0, HEADER_BYTES).equals(this.#header(data)) ? data : undefined;
  }

  /** @throws Error when the file can't be written */
  write(data: Uint8Array): void {
    writeFileSync(this.#file, Buffer.concat([this.#header(data), data]));
  }

  #header(data: Uint8Array): Buffer {
    const { versions, arch, platform, config } = process;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(crc32(this.#source), 0);
    header.writeUInt32LE(crc32(JSON.stringify([versions, arch, platform, config])), 4);
    header.writeUInt32LE(crc32(data), 8);
    return header;
  }
}
