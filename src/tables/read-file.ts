import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const LARGEST_READ = 1 << 30;

/**
 * A whole file in memory, whatever its size up to 4 GiB (`readFileSync` ends at 2).
 *
 * @throws the operating system's error, EISDIR for a directory
 */
export function readWholeFile(path: string): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    let buffer = Buffer.allocUnsafeSlow(Math.max(fstatSync(descriptor).size, 1));
    let used = 0;
    for (;;) {
      if (used === buffer.length) {
        const probe = Buffer.allocUnsafe(65536);
        const more = readSync(descriptor, probe, 0, probe.length, null);
        if (more === 0) return buffer;
        buffer = Buffer.concat([buffer, probe.subarray(0, more)]);
        used += more;
        continue;
      }
      const length = Math.min(LARGEST_READ, buffer.length - used);
      const read = readSync(descriptor, buffer, used, length, null);
      if (read === 0) return buffer.subarray(0, used);
      used += read;
    }
  } finally {
    closeSync(descriptor);
  }
}
