import { copyLoosely, viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { AHEAD, readAhead } from '../read-ahead.ts';
import { sortByKey } from '../sort.ts';
import { writeXtext } from './xtext.ts';

/** A table's entries as the tables of the file have them. */
export interface Arranged {
  /** The entries, in the order of their keys. */
  readonly entries: Pairs;
  /**
   * The rows of the table with text keys: each entry under its key as it is, for Exim 4.98, and under what Exim 4.99 makes
   * of the key and its NUL. Where both are the same, there is one.
   */
  readonly texts: Pairs;
}

/** Offsets in `Pairs` have 32 bits. */
const LARGEST_POOL = 2 ** 32 - 1;
/** How far a copy may write beyond its end. */
const SLACK = 3;
const NUL = Uint8Array.of(0);

/**
 * Lays a table out for the file, keys and values side by side in the order of the keys, so that all that follows goes
 * through memory from its beginning to its end.
 *
 * @throws DbmError for a repeated key, and when one Exim would look up by the same text what another has for another entry
 */
export function arrange(path: string, pairs: Pairs, terminated: boolean): Arranged {
  const { order, repeated } = sortByKey(pairs);
  if (repeated >= 0) throw new DbmError(path, `the key ${keyName(pairs, repeated)} is there twice`);
  const nul = terminated ? NUL : NUL.subarray(1);
  const pool = allocate(path, pairs);
  const view = viewOf(pool);
  const fromView = viewOf(pairs.pool);
  const entries = new Columns(pool, order.length);
  const texts = new Columns(pool, 2 * order.length);

  let at = 0;
  for (let i = 0; i < order.length; i++) {
    if (i % AHEAD === 0) readAhead(pairs, order, i);
    const entry = order[i];
    const valueAt = at;
    at = copyLoosely(pairs.pool, fromView, pairs.valueStart[entry], pairs.valueEnd[entry], pool, view, at);
    const keyAt = at;
    at = copyLoosely(pairs.pool, fromView, pairs.keyStart[entry], pairs.keyEnd[entry], pool, view, at);
    entries.add(keyAt, at, valueAt, keyAt);
    texts.add(keyAt, at, valueAt, keyAt);
    const textAt = at;
    at = writeXtext(pool, keyAt, textAt, pool, at);
    at = writeXtext(nul, 0, nul.length, pool, at);
    if (at - textAt > textAt - keyAt) texts.add(textAt, at, valueAt, keyAt);
  }

  const arranged = { entries: entries.finish(), texts: texts.finish() };
  const clash = sortByKey(arranged.texts).repeated;
  if (clash >= 0) {
    const key = keyName(arranged.texts, clash);
    throw new DbmError(
      path,
      `the key ${key} is what Exim 4.98 or 4.99 looks up for another entry, too: one of the two has to go`,
    );
  }
  return arranged;
}

/** Room for xtext at its longest: what is not needed is never touched. */
function allocate(path: string, { count, keyStart, keyEnd, valueStart, valueEnd }: Pairs): Uint8Array {
  let bytes = SLACK;
  for (let i = 0; i < count; i++) bytes += valueEnd[i] - valueStart[i] + 4 * (keyEnd[i] - keyStart[i]) + 3;
  if (bytes > LARGEST_POOL)
    throw new DbmError(path, `the table may need ${bytes} bytes; the format takes 4 GiB`);
  return new Uint8Array(bytes);
}

function keyName({ pool, keyStart, keyEnd }: Pairs, entry: number): string {
  return printable(pool.subarray(keyStart[entry], keyEnd[entry]));
}

/** Columns over a pool that is filled elsewhere. */
class Columns {
  readonly #pool: Uint8Array;
  readonly #keyStart: Uint32Array;
  readonly #keyEnd: Uint32Array;
  readonly #valueStart: Uint32Array;
  readonly #valueEnd: Uint32Array;
  #count = 0;

  constructor(pool: Uint8Array, most: number) {
    this.#pool = pool;
    this.#keyStart = new Uint32Array(most);
    this.#keyEnd = new Uint32Array(most);
    this.#valueStart = new Uint32Array(most);
    this.#valueEnd = new Uint32Array(most);
  }

  add(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    this.#keyStart[this.#count] = keyStart;
    this.#keyEnd[this.#count] = keyEnd;
    this.#valueStart[this.#count] = valueStart;
    this.#valueEnd[this.#count++] = valueEnd;
  }

  finish(): Pairs {
    return {
      count: this.#count,
      pool: this.#pool,
      keyStart: this.#keyStart,
      keyEnd: this.#keyEnd,
      valueStart: this.#valueStart,
      valueEnd: this.#valueEnd,
    };
  }
}
