import { writeSync } from 'node:fs';

/** Writes all of `bytes` to `position`. @throws the operating system's error */
export function writeFully(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
}
