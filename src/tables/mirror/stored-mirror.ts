import { randomBytes } from 'node:crypto';
import { Base } from '../../state/mirror/base.ts';
import { DamagedMirrorError, isDamage } from '../../state/mirror/damage.ts';
import type { BaseFile, Head } from '../../state/mirror/head.ts';
import { MirrorStore } from '../../state/mirror/store.ts';
import type { Departed } from './advance.ts';
import { BaseLayer } from './base-layer.ts';
import { StoredContents } from './contents.ts';
import { type Everything, writeWhole } from './write-whole.ts';

/** A head without the files that it names. */
export type Standing = Omit<Head, 'base' | 'recent'>;

/** What the store has of one directory: where it stood when the run began, and the files that say what it gave. */
export class StoredMirror {
  readonly #store: MirrorStore | undefined;
  readonly #directory: string;
  readonly #tables: readonly string[];
  readonly #keep: number;
  #head: Head | undefined;
  #contents: StoredContents | undefined;
  #files: readonly Base[] = [];

  /**
   * @param store undefined where nothing can be remembered
   * @param tables for each selection, the table that it feeds
   * @param keep how long departures are kept, in milliseconds
   */
  constructor(store: MirrorStore | undefined, directory: string, tables: readonly string[], keep: number) {
    this.#store = store;
    this.#directory = directory;
    this.#tables = tables;
    this.#keep = keep;
  }

  /** Finds out where it stands. @throws DamagedMirrorError, an error of SQLite */
  open(): Head | undefined {
    this.#head = this.#store?.head(this.#directory);
    return this.#head;
  }

  /** Undefined, too, where it could not be read. */
  get head(): Head | undefined {
    return this.#head;
  }

  /** Whether all files that the head names are there, as long as they were written. */
  get hasFiles(): boolean {
    const files = [this.#head?.base, this.#head?.recent].filter((file) => file !== undefined);
    return files.every((file) => this.#store?.hasBase(file) === true);
  }

  /** What the directory gave. @throws DamagedMirrorError, DamagedFileError */
  read(): StoredContents {
    if (this.#contents !== undefined) return this.#contents;
    const store = this.#store;
    const head = this.#head;
    if (store === undefined || head === undefined) throw new DamagedMirrorError('there is none');
    const open = (file: BaseFile): BaseLayer => {
      const base = new Base(store.basePath(file.name), file, head.streams);
      this.#files = [...this.#files, base];
      return new BaseLayer(base);
    };
    this.#contents = new StoredContents(
      open(head.base),
      head.recent === undefined ? [] : [open(head.recent)],
    );
    return this.#contents;
  }

  /** Closes what was opened to be read. */
  close(): void {
    for (const file of this.#files) file.close();
    this.#files = [];
    this.#contents = undefined;
  }

  /** The next run asks for everything. @throws an error of SQLite */
  forget(): void {
    this.#store?.forget(this.#directory);
  }

  /** Writes where it stands now, by files that are there. @throws an error of SQLite */
  write(head: Head, departures: readonly Departed[]): void {
    this.#commit(head, false, departures);
  }

  /**
   * Writes a base, where it stands now by that alone, and removes the files of before.
   *
   * @throws an error of SQLite or of the operating system, MemoryFullError; the file is gone then
   */
  async writeBase(head: Standing, departures: readonly Departed[], everything: Everything): Promise<void> {
    await this.#withFile(everything, (base) =>
      this.#commit({ ...head, base, recent: undefined }, true, departures),
    );
    for (const old of [this.#head?.base, this.#head?.recent]) this.#remove(old);
  }

  /** Likewise, what has changed since the base was written, which stays. */
  async writeRecent(
    head: Omit<Head, 'recent'>,
    departures: readonly Departed[],
    changed: Everything,
  ): Promise<void> {
    await this.#withFile(changed, (recent) => this.#commit({ ...head, recent }, false, departures));
    this.#remove(this.#head?.recent);
  }

  /** Writes a file, and the head that names it. */
  async #withFile(everything: Everything, commit: (file: BaseFile) => void): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const name = MirrorStore.baseName(newName());
    try {
      const identity = await writeWhole(store.basePath(name), everything);
      commit({ name, ...identity });
    } catch (error) {
      store.removeBase(name);
      throw error;
    }
  }

  #remove(file: BaseFile | undefined): void {
    if (file !== undefined) this.#store?.removeBase(file.name);
  }

  /** @param fresh whether the head needs nothing that the store has */
  #commit(head: Head, fresh: boolean, departures: readonly Departed[]): void {
    const commit = {
      head,
      fresh,
      departures: departures.map(({ selection, ...departed }) => ({
        table: this.#tables[selection],
        ...departed,
      })),
      now: Date.now(),
      keep: this.#keep,
    };
    try {
      this.#store?.commit(this.#directory, commit);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#store?.reset();
      if (!fresh) throw error;
      this.#store?.commit(this.#directory, commit);
    }
  }
}

/** Never used before. */
export function newName(): string {
  return randomBytes(12).toString('hex');
}
