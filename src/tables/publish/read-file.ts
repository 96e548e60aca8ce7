import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { TableTooLargeError } from '../columns/entries.ts';

const LARGEST_READ = 1 << 30;
/** Offsets into a table are 32-bit numbers. */
export const LARGEST_FILE = 2 ** 32 - 1;

/**
 * A whole file in memory, whatever its size up to 4 GiB (`readFileSync` ends at 2).
 *
 * @throws the operating system's error, EISDIR for a directory; TableTooLargeError
 */
export function readWholeFile(path: string): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    return readWhole(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** All that an open file or pipe still gives, in large reads. @throws as `readWholeFile` does */
export function readWhole(descriptor: number): Buffer {
  // One byte more than the file says it has: a read that leaves room tells that it ended.
  let bytes: Buffer = Buffer.allocUnsafeSlow(Math.min(fstatSync(descriptor).size, LARGEST_FILE) + 1);
  let used = 0;
  for (;;) {
    const room = Math.min(LARGEST_READ, bytes.length - used);
    const count = readSync(descriptor, bytes, used, room, null);
    if (count === 0) return bytes.subarray(0, used);
    used += count;
    if (used === bytes.length) bytes = grown(bytes);
  }
}

/** At least double the room for the same bytes. @throws TableTooLargeError */
export function grown(bytes: Buffer): Buffer {
  if (bytes.length >= LARGEST_FILE) throw new TableTooLargeError();
  const larger = Buffer.allocUnsafeSlow(Math.min(LARGEST_FILE, Math.max(bytes.length * 2, 1 << 20)));
  bytes.copy(larger);
  return larger;
}
