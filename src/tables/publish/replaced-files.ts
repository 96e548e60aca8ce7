import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';

/**
 * Files that lose their names. The kernel frees the pages of a large one when nobody has it any more, which takes as long as some
 * commits: in the rename, everybody would wait for it.
 */
export class ReplacedFiles {
  #handles: FileHandle[] = [];
  #names: string[] = [];
  readonly #going: Promise<unknown>[] = [];

  /** Keeps a file that is about to be replaced, if there is one. */
  async hold(path: string): Promise<void> {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    // What can't be opened is freed when it is replaced.
    const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
    if (handle !== undefined) this.#handles.push(handle);
  }

  /** Names files that are to go with the others. */
  add(paths: readonly string[]): void {
    this.#names.push(...paths);
  }

  /** Begins to let go of all of them, in other threads. What can't be removed stays. */
  release(): void {
    const going = [
      ...this.#handles.map((handle) => handle.close()),
      ...this.#names.map((path) => unlink(path)),
    ];
    this.#going.push(Promise.allSettled(going));
    this.#handles = [];
    this.#names = [];
  }

  /** Lets go of all of them. */
  async released(): Promise<void> {
    this.release();
    await Promise.all(this.#going);
  }
}
