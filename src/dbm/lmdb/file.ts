import { viewOf } from '../bytes.ts';
import { EntryChecker } from '../entry-checker.ts';
import { DbmError } from '../error.ts';
import type { DbmFile, OpenOptions, Statistics } from '../format.ts';
import type { Pairs } from '../pairs.ts';
import { PairsBuilder } from '../pairs-builder.ts';
import { PageFile } from './page-file.ts';
import { statistics } from './statistics.ts';
import { TreeReader } from './tree-reader.ts';
import { verify } from './verify.ts';

/** Offsets in `Pairs` have 32 bits. */
const LARGEST_POOL = 2 ** 32 - 1;

/** An open LMDB file, data format 1; its unnamed database, as the latest transaction left it. */
export class LmdbFile implements DbmFile {
  readonly format = 'lmdb';
  readonly path: string;
  readonly #file: PageFile;
  readonly #tree: TreeReader;
  readonly #terminated: boolean;

  /** @throws DbmError when the file can't be read, isn't of this format or holds no table */
  constructor(path: string, options: OpenOptions = {}) {
    this.path = path;
    this.#terminated = options.terminated ?? false;
    this.#file = new PageFile(path);
    const [meta] = this.#file.metas;
    if (meta.mainTree.flags !== 0) {
      this.#file.close();
      throw new DbmError(
        path,
        `a database with the flags ${meta.mainTree.flags}; a table has one value for a key, in the order of bytes`,
      );
    }
    this.#tree = new TreeReader(this.#file, meta, meta.mainTree);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const nul = this.#terminated ? 1 : 0;
    const stored = new Uint8Array(key.length + nul);
    stored.set(key);
    const found = this.#tree.find(stored);
    if (found === undefined) return undefined;
    const value = this.#tree.value(found.leaf, found.place);
    if (this.#terminated && !isNul(value, 0, value.length - 1)) {
      throw this.#file.fault(found.leaf.page, 'the value lacks its NUL', found.leaf.at[found.place]);
    }
    return value.subarray(0, value.length - nul);
  }

  /** In the order of the keys. */
  pairs(): Pairs {
    const builder = new PairsBuilder(this.path, Math.min(this.#file.size, LARGEST_POOL));
    this.#forEach((keys, keyStart, keyEnd, values, valueStart, valueEnd) => {
      if (builder.lacksRoom(keyEnd - keyStart + valueEnd - valueStart)) throw this.#tooLarge();
      builder.key(keys, keyStart, keyEnd);
      builder.value(values, valueStart, valueEnd);
    });
    return builder.finish();
  }

  /** The leaves are read from left to right; the walk makes sure that a lookup finds each key where it stands. */
  readBack(pairs: Pairs): void {
    const checker = new EntryChecker(this.path, pairs);
    this.#forEach((keys, keyStart, keyEnd, _, valueStart, valueEnd, keysView, valuesView) => {
      checker.check(keys, keysView, keyStart, keyEnd, valuesView, valueStart, valueEnd);
    });
    checker.end();
  }

  verify(): void {
    verify(this.#file);
  }

  statistics(): Statistics {
    return statistics(this.#file, this.#tree);
  }

  close(): void {
    this.#file.close();
  }

  /** Gives `visit` each entry without its NULs. */
  #forEach(
    visit: (
      keys: Uint8Array,
      keyStart: number,
      keyEnd: number,
      values: Uint8Array,
      valueStart: number,
      valueEnd: number,
      keysView: DataView,
      valuesView: DataView,
    ) => void,
  ): void {
    const nul = this.#terminated ? 1 : 0;
    this.#tree.walk({
      leaf: (page) => {
        const { bytes, view, keyStart, keyEnd, valueStart, valueEnd } = page;
        for (let i = 0; i < page.count; i++) {
          const big = page.bigPage[i] === 0 ? undefined : this.#tree.value(page, i);
          const values = big ?? bytes;
          const start = big === undefined ? valueStart[i] : 0;
          const end = big === undefined ? valueEnd[i] : big.length;
          if (nul === 1 && !(isNul(bytes, keyStart[i], keyEnd[i] - 1) && isNul(values, start, end - 1))) {
            throw this.#file.fault(page.page, `the key or the value of node ${i} lacks its NUL`, page.at[i]);
          }
          const valuesView = big === undefined ? view : viewOf(big);
          visit(bytes, keyStart[i], keyEnd[i] - nul, values, start, end - nul, view, valuesView);
        }
      },
    });
  }

  #tooLarge(): DbmError {
    return new DbmError(
      this.path,
      'more bytes in keys and values than in the file, or than a table can hold',
    );
  }
}

/** Whether there is a NUL at `at`, and not before `start`. */
function isNul(bytes: Uint8Array, start: number, at: number): boolean {
  return at >= start && bytes[at] === 0;
}
