import { DbmError } from '../error.ts';
import type { DbmFile, OpenOptions, Statistics } from '../format.ts';
import type { Pairs } from '../pairs.ts';
import { PairsBuilder } from '../pairs-builder.ts';
import { checkSameEntries } from '../same-entries.ts';
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
    const nul = this.#terminated ? 1 : 0;
    this.#tree.walk({
      leaf: (page) => {
        for (let i = 0; i < page.count; i++) {
          const big = page.bigPage[i] === 0 ? undefined : this.#tree.value(page, i);
          const bytes = big ?? page.bytes;
          const start = big === undefined ? page.valueStart[i] : 0;
          const end = (big === undefined ? page.valueEnd[i] : big.length) - nul;
          const keyEnd = page.keyEnd[i] - nul;
          if (
            this.#terminated &&
            !(isNul(page.bytes, page.keyStart[i], keyEnd) && isNul(bytes, start, end))
          ) {
            throw this.#file.fault(page.page, `the key or the value of node ${i} lacks its NUL`, page.at[i]);
          }
          if (builder.lacksRoom(keyEnd - page.keyStart[i] + end - start)) throw this.#tooLarge();
          builder.key(page.bytes, page.keyStart[i], keyEnd);
          builder.value(bytes, start, end);
        }
      },
    });
    return builder.finish();
  }

  /** The leaves are read from left to right; the walk makes sure that a lookup finds each key where it stands. */
  readBack(pairs: Pairs): void {
    checkSameEntries(this.path, this.pairs(), pairs);
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
