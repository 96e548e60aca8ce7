type FileSystem = typeof import('node:fs');

/** Node's file system with a disk that keeps something else than it is given: what `change` makes of the bytes. */
export function faultyDisk(real: FileSystem, change: (bytes: Uint8Array) => void): FileSystem {
  const write = (
    file: number,
    bytes: Uint8Array,
    from: number,
    length: number,
    position: number,
    done: (error: NodeJS.ErrnoException | null, written: number, bytes: Uint8Array) => void,
  ) => {
    const kept = bytes.slice(from, from + length);
    change(kept);
    real.write(file, kept, 0, length, position, done);
  };
  return Object.assign({ ...real }, { write });
}
