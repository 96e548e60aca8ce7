import { DbmError } from './error.ts';
import { printable } from './printable.ts';

/** What is wrong with the entries of the file at `path` when two have this key. */
export function isTwice(path: string, key: Uint8Array): DbmError {
  return new DbmError(path, `the key ${printable(key)} is there twice`);
}
