import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

const BLOCK = 1 << 20;

/** SHA-256 in lower-case hexadecimal. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The digest of a file's content. @throws the operating system's error */
export function fileDigest(path: string): string {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafe(BLOCK);
  const descriptor = openSync(path, 'r');
  try {
    for (;;) {
      const length = readSync(descriptor, block, 0, BLOCK, null);
      if (length === 0) return hash.digest('hex');
      hash.update(block.subarray(0, length));
    }
  } finally {
    closeSync(descriptor);
  }
}
