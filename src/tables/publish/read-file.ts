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

/**
 * A whole file in room of the caller's.
 *
 * @param room gives so many bytes; asked again, for more, where the file grows meanwhile
 * @returns how many bytes of the room given last are the file's
 * @throws as `readWholeFile` does
 */
export function readFileInto(path: string, room: (size: number) => Uint8Array): number {
  const descriptor = openSync(path, 'r');
  try {
    return readInto(descriptor, room);
  } finally {
    closeSync(descriptor);
  }
}

/** All that an open file or pipe still gives, in large reads. @throws as `readWholeFile` does */
export function readWhole(descriptor: number): Buffer {
  let bytes = Buffer.alloc(0);
  const used = readInto(descriptor, (size) => {
    bytes = Buffer.allocUnsafeSlow(size);
    return bytes;
  });
  return bytes.subarray(0, used);
}

function readInto(descriptor: number, room: (size: number) => Uint8Array): number {
  // One byte more than the file says it has: a read that leaves room tells that it ended.
  let bytes = room(Math.min(fstatSync(descriptor).size, LARGEST_FILE) + 1);
  let used = 0;
  for (;;) {
    const count = readSync(descriptor, bytes, used, Math.min(LARGEST_READ, bytes.length - used), null);
    if (count === 0) return used;
    used += count;
    if (used < bytes.length) continue;
    const larger = room(largerSize(bytes.length));
    larger.set(bytes);
    bytes = larger;
  }
}

/** At least double the room for the same bytes. @throws TableTooLargeError */
export function grown(bytes: Buffer): Buffer {
  const larger = Buffer.allocUnsafeSlow(largerSize(bytes.length));
  bytes.copy(larger);
  return larger;
}

function largerSize(size: number): number {
  if (size >= LARGEST_FILE) throw new TableTooLargeError();
  return Math.min(LARGEST_FILE, Math.max(size * 2, 1 << 20));
}
