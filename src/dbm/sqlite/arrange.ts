import { copyLoosely, viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import { isTwice } from '../is-twice.ts';
import { LinearMemory } from '../linear-memory.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { sortedByKey } from '../sorting/sorted-by-key.ts';
import { isPlain, writeXtext } from './xtext.ts';

/** A table's entries as the tables of the file have them. */
export interface Arranged {
  /** In the order of the keys, as are the others. */
  readonly entries: Pairs;
  /**
   * The rows of the table with text keys: each entry under its key as it is, for Exim 4.98, and under what Exim 4.99 makes
   * of the key and its NUL. Where both are the same, there is one.
   */
  readonly texts: Pairs;
}

/** A table is arranged to be written, and again to be held against the file. */
const arrangedBefore = new WeakMap<Pairs, Arranged & { readonly terminated: boolean }>();

/** Offsets in `Pairs` have 32 bits. */
const LARGEST_POOL = 2 ** 32 - 1;
/** What is smaller is sorted where it is. */
const SMALL = 1 << 16;
/** How far a copy may write beyond its end. */
const SLACK = 3;
const NUL = Uint8Array.of(0);

/**
 * Lays a table out for the file.
 *
 * @throws DbmError for a repeated key, and when one Exim would look up by the same text what another has for another entry
 */
export function arrange(path: string, pairs: Pairs, terminated: boolean): Arranged {
  const before = arrangedBefore.get(pairs);
  if (before?.terminated === terminated) return before;
  const entries = sortedByKey(path, pairs, (key) => isTwice(path, key));
  const texts = sortedByKey(path, textKeys(path, entries, terminated), (key) => {
    const what = `the key ${printable(key)} is what Exim 4.98 or 4.99 looks up for another entry, too`;
    return new DbmError(path, `${what}: one of the two has to go`);
  });
  const arranged = { entries, texts, terminated };
  arrangedBefore.set(pairs, arranged);
  return arranged;
}

/** The rows with text keys, nearly in the order of these. */
function textKeys(path: string, pairs: Pairs, terminated: boolean): Pairs {
  const nul = terminated ? NUL : NUL.subarray(1);
  const bytes = mostBytes(path, pairs);
  const memory = bytes < SMALL ? undefined : new LinearMemory();
  const pool = memory?.bytes(memory.reserve(bytes), bytes) ?? new Uint8Array(bytes);
  const view = viewOf(pool);
  const fromView = viewOf(pairs.pool);
  const texts = new Columns(memory, 2 * pairs.count);
  let at = 0;
  for (let i = 0; i < pairs.count; i++) {
    const valueAt = at;
    at = copyLoosely(pairs.pool, fromView, pairs.valueStart[i], pairs.valueEnd[i], pool, view, at);
    const keyAt = at;
    at = copyLoosely(pairs.pool, fromView, pairs.keyStart[i], pairs.keyEnd[i], pool, view, at);
    const keyEnd = at;
    texts.add(keyAt, keyEnd, valueAt, keyAt);
    // Most keys stay as they are, so that both texts begin with the same bytes.
    const textAt = isPlain(pool, keyAt, keyEnd) ? keyAt : keyEnd;
    if (textAt === keyEnd) at = writeXtext(pool, keyAt, keyEnd, pool, keyEnd);
    at = writeXtext(nul, 0, nul.length, pool, at);
    if (at - textAt > keyEnd - keyAt) texts.add(textAt, at, valueAt, keyAt);
  }
  return texts.over(pool.subarray(0, at));
}

/** What the rows take with xtext at its longest: what is not needed is never touched. */
function mostBytes(path: string, { count, keyStart, keyEnd, valueStart, valueEnd }: Pairs): number {
  let bytes = SLACK;
  for (let i = 0; i < count; i++) bytes += valueEnd[i] - valueStart[i] + 4 * (keyEnd[i] - keyStart[i]) + 3;
  if (bytes > LARGEST_POOL)
    throw new DbmError(path, `the table may need ${bytes} bytes; the format takes 4 GiB`);
  return bytes;
}

/** Columns in the memory of a pool that is filled elsewhere, if it has one. */
class Columns {
  readonly #keyStart: Uint32Array;
  readonly #keyEnd: Uint32Array;
  readonly #valueStart: Uint32Array;
  readonly #valueEnd: Uint32Array;
  #count = 0;

  constructor(memory: LinearMemory | undefined, most: number) {
    const column = () => memory?.numbers(memory.reserve(4 * most), most) ?? new Uint32Array(most);
    this.#keyStart = column();
    this.#keyEnd = column();
    this.#valueStart = column();
    this.#valueEnd = column();
  }

  add(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    this.#keyStart[this.#count] = keyStart;
    this.#keyEnd[this.#count] = keyEnd;
    this.#valueStart[this.#count] = valueStart;
    this.#valueEnd[this.#count++] = valueEnd;
  }

  over(pool: Uint8Array): Pairs {
    return {
      count: this.#count,
      pool,
      keyStart: this.#keyStart,
      keyEnd: this.#keyEnd,
      valueStart: this.#valueStart,
      valueEnd: this.#valueEnd,
    };
  }
}
