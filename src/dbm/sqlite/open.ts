import type { DbmFile, OpenOptions } from '../format.ts';
import { Input } from '../input.ts';
import { readFirstPage } from './first-page.ts';
import { ForeignFile } from './foreign-file.ts';
import { PAGE_SIZE } from './layout.ts';
import { OwnFile } from './own-file.ts';

/** `Format.open` for SQLite. Files that are as we write them are read without SQLite. */
export function openSqlite(path: string, options: OpenOptions = {}): DbmFile {
  const input = new Input(path);
  let first: ReturnType<typeof readFirstPage>;
  try {
    first = readFirstPage(input.bytes(0, PAGE_SIZE));
  } catch (error) {
    input.close();
    throw error;
  }
  if (first !== undefined) return new OwnFile(input, first);
  input.close();
  return new ForeignFile(path, options);
}
