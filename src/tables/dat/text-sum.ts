import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** So few that they are still in the processor's cache when they have been read, or are about to be written. */
export const TEXT_BLOCK = 1 << 18;

/** Tells one text from another that a disk made of it: for what was seen by its digest before, or has just been written. */
export interface TextSum {
  readonly crc: number;
  readonly bytes: number;
}

/** Sums up a text that is given in blocks. */
export class TextSummer {
  #crc = 0;
  #bytes = 0;

  add(block: Uint8Array): void {
    this.#crc = crc32(block, this.#crc);
    this.#bytes += block.length;
  }

  get sum(): TextSum {
    return { crc: this.#crc, bytes: this.#bytes };
  }
}

export function isSameSum(a: TextSum, b: TextSum): boolean {
  return a.crc === b.crc && a.bytes === b.bytes;
}

/** @throws the operating system's error */
export function sumOfFile(path: string): TextSum {
  const summer = new TextSummer();
  eachBlock(path, (block) => summer.add(block));
  return summer.sum;
}

/** A file's sum, and SHA-256 of the same bytes in hexadecimal. @throws the operating system's error */
export function sumAndDigest(path: string): { readonly sum: TextSum; readonly digest: string } {
  const summer = new TextSummer();
  const hash = createHash('sha256');
  eachBlock(path, (block) => {
    summer.add(block);
    hash.update(block);
  });
  return { sum: summer.sum, digest: hash.digest('hex') };
}

function eachBlock(path: string, visit: (block: Uint8Array) => void): void {
  const descriptor = openSync(path, 'r');
  try {
    const block = Buffer.allocUnsafeSlow(TEXT_BLOCK);
    for (let at = 0; ; ) {
      const count = readSync(descriptor, block, 0, TEXT_BLOCK, at);
      if (count === 0) return;
      visit(block.subarray(0, count));
      at += count;
    }
  } finally {
    closeSync(descriptor);
  }
}
