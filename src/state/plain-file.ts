import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file so that it is there whole or not at all, whenever the machine stops: beside its place, fsynced, renamed.
 * Folders are made as needed, for their owner and group only.
 *
 * @throws the operating system's error; what stood there before stands there still
 */
export function writeDurably(path: string, content: string | Uint8Array): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  const staged = `${path}.new`;
  try {
    const descriptor = openSync(staged, 'w', 0o640);
    try {
      const bytes = Buffer.from(content);
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(staged, path);
  } catch (error) {
    rmSync(staged, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** Removes a file for good. @returns whether it was there @throws the operating system's error */
export function removeDurably(path: string): boolean {
  try {
    rmSync(path);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  syncFolder(dirname(path));
  return true;
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether it is for want of the file, or of a folder above it, that something could not be done. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
