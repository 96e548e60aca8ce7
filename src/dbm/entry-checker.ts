import { sameBytes, viewOf } from './bytes.ts';
import { DbmError } from './error.ts';
import type { Pairs } from './pairs.ts';
import { printable } from './printable.ts';
import { sortedByKey } from './sorting/sorted-by-key.ts';

/**
 * Holds the entries of a file that keeps them in the order of their keys against a table's, one after the other. All
 * alike means in order, too.
 */
export class EntryChecker {
  readonly #path: string;
  readonly #pairs: Pairs;
  readonly #view: DataView;
  #next = 0;

  /** `path` is what the errors name. */
  constructor(path: string, pairs: Pairs) {
    this.#path = path;
    this.#pairs = sortedByKey(path, pairs, (key) => wrong(path, key, 'is in the table twice'));
    this.#view = viewOf(this.#pairs.pool);
  }

  /** @throws DbmError naming the key when it is extra, another is missing before it, or its value is another */
  check(
    keys: Uint8Array,
    keysView: DataView,
    keyStart: number,
    keyEnd: number,
    values: DataView,
    valueStart: number,
    valueEnd: number,
  ): void {
    const pairs = this.#pairs;
    const entry = this.#next++;
    if (entry >= pairs.count) throw this.#wrong(keys, keyStart, keyEnd, 'is not in the table');
    const size = keyEnd - keyStart;
    const sameKey =
      size === pairs.keyEnd[entry] - pairs.keyStart[entry] &&
      sameBytes(keysView, keyStart, this.#view, pairs.keyStart[entry], size);
    if (!sameKey) throw this.#otherKey(keys.subarray(keyStart, keyEnd), entry);
    const valueSize = valueEnd - valueStart;
    const sameValue =
      valueSize === pairs.valueEnd[entry] - pairs.valueStart[entry] &&
      sameBytes(values, valueStart, this.#view, pairs.valueStart[entry], valueSize);
    if (!sameValue) throw this.#wrong(keys, keyStart, keyEnd, 'has another value');
  }

  /** To be called behind the last entry. @throws DbmError naming the first key that is missing */
  end(): void {
    if (this.#next < this.#pairs.count) throw this.#missing(this.#next);
  }

  #otherKey(key: Uint8Array, entry: number): DbmError {
    const { pool, keyStart, keyEnd } = this.#pairs;
    const before = Buffer.compare(key, pool.subarray(keyStart[entry], keyEnd[entry])) < 0;
    return before ? this.#wrong(key, 0, key.length, 'is not in the table') : this.#missing(entry);
  }

  #missing(entry: number): DbmError {
    const { pool, keyStart, keyEnd } = this.#pairs;
    return this.#wrong(pool, keyStart[entry], keyEnd[entry], 'is missing');
  }

  #wrong(bytes: Uint8Array, start: number, end: number, what: string): DbmError {
    return wrong(this.#path, bytes.subarray(start, end), what);
  }
}

function wrong(path: string, key: Uint8Array, what: string): DbmError {
  return new DbmError(path, `the key ${printable(key)} ${what}`);
}
