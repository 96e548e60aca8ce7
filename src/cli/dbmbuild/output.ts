import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { writeBdb } from '../../dbm/bdb/write.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import type { SecondThread } from '../../dbm/second-thread/second-thread.ts';

/** A table file in the making, beside the one that it will replace. */
export class Output {
  readonly #path: string;
  readonly #temporary: string;

  /** Two runs at once must not meet in one file; four letters more leave exim_dbmbuild's longest names possible. */
  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.dbmbuild_temp.${fourLetters()}`;
  }

  /** Whether the table would take the place of that very file. */
  replaces(file: Stats): boolean {
    try {
      const old = lstatSync(this.#path);
      return old.isFile() && old.dev === file.dev && old.ino === file.ino;
    } catch {
      return false; // Nothing is there, or nothing can be: creating the table tells.
    }
  }

  /** Finds out whether the table can be written at all. @throws the operating system's error */
  probe(): void {
    closeSync(openSync(this.#temporary, 'wx'));
    rmSync(this.#temporary);
  }

  /** Writes the table to the disk and reads it back; on any fault nothing of it is left. @throws DbmError */
  async write(pairs: Pairs, terminated: boolean, second: SecondThread | undefined): Promise<void> {
    await writeBdb(this.#temporary, pairs, { terminated, readBack: true, second });
  }

  /** Puts what was written in the old table's place. @throws the operating system's error */
  publish(): void {
    renameSync(this.#temporary, this.#path);
    syncDirectory(dirname(this.#path));
  }

  discard(): void {
    rmSync(this.#temporary, { force: true });
  }
}

/** Random ones. A file that has them already is never taken; node:crypto would take a good part of a small table's time to load. */
function fourLetters(): string {
  return Math.floor(Math.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
}

/** Makes a rename outlast a crash, where the directory can be opened: its rights may allow to write and not to read. */
function syncDirectory(path: string): void {
  try {
    const directory = openSync(path, 'r');
    fsyncSync(directory);
    closeSync(directory);
  } catch {
    // The table is in place, and that is what was asked for.
  }
}
