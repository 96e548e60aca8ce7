import { close, constants, linkSync, mkdirSync, openSync, readdirSync, renameSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Files that lose their names. The kernel frees the pages of a large one when nobody has it any more, and some disks are told then,
 * block by block: that takes longer than everything else at the end of a run. So they lie in a folder until the next run begins, which
 * removes them while it waits for its sources.
 */
export class ReplacedFiles {
  readonly #folder: string | undefined;
  readonly #began = Date.now();
  #kept = 0;
  #descriptors: number[] = [];
  #names: string[] = [];
  readonly #going: Promise<unknown>[] = [];

  /** @param folder where they lie; without it, and on another file system, they are let go of at the end of this run */
  constructor(folder?: string) {
    this.#folder = folder;
  }

  /** Begins to remove what earlier runs left, in other threads. For the holder of the lock. */
  empty(): void {
    const folder = this.#folder;
    if (folder === undefined) return;
    const going = namesIn(folder).map((name) => unlink(join(folder, name)));
    this.#going.push(Promise.allSettled(going));
  }

  /** Keeps a file that is about to be replaced, if there is one. */
  hold(path: string): void {
    if (this.#keep(linkSync, path)) return;
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    try {
      this.#descriptors.push(openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    } catch {
      // What can't be opened is freed when it is replaced.
    }
  }

  /** Names files that are to go with the others. */
  add(paths: readonly string[]): void {
    this.#names.push(...paths);
  }

  /** Takes the names of all of them, and begins to free those that can't be kept, in other threads. What can't be removed stays. */
  release(): void {
    const left = this.#names.filter((path) => !this.#keep(renameSync, path));
    const going = [...this.#descriptors.map(closed), ...left.map((path) => unlink(path))];
    this.#going.push(Promise.allSettled(going));
    this.#descriptors = [];
    this.#names = [];
  }

  /** Lets go of all of them. */
  async released(): Promise<void> {
    this.release();
    await Promise.all(this.#going);
  }

  /** @returns whether the file lies in the folder now */
  #keep(put: (from: string, to: string) => void, path: string): boolean {
    if (this.#folder === undefined) return false;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o750 });
      put(path, join(this.#folder, `${this.#began}.${this.#kept++}`));
      return true;
    } catch {
      return false;
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // None where nothing was replaced yet; a folder that can't be read takes nothing up either.
    return [];
  }
}

function closed(descriptor: number): Promise<void> {
  return new Promise((resolve) => close(descriptor, () => resolve()));
}
