import { copyLoosely, viewOf } from '../bytes.ts';
import { DbmError } from '../error.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { inKeyOrder } from '../sort.ts';
import { writeXtext } from './xtext.ts';

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

/** Offsets in `Pairs` have 32 bits. */
const LARGEST_POOL = 2 ** 32 - 1;
/** How far a copy may write beyond its end. */
const SLACK = 3;
const NUL = Uint8Array.of(0);

/**
 * Lays a table out for the file.
 *
 * @throws DbmError for a repeated key, and when one Exim would look up by the same text what another has for another entry
 */
export function arrange(path: string, pairs: Pairs, terminated: boolean): Arranged {
  const sorted = inKeyOrder(pairs);
  if (sorted.repeated >= 0) {
    throw new DbmError(path, `the key ${keyName(sorted.pairs, sorted.repeated)} is there twice`);
  }
  const texts = inKeyOrder(textKeys(path, sorted.pairs, terminated));
  if (texts.repeated >= 0) {
    const key = keyName(texts.pairs, texts.repeated);
    throw new DbmError(
      path,
      `the key ${key} is what Exim 4.98 or 4.99 looks up for another entry, too: one of the two has to go`,
    );
  }
  return { entries: sorted.pairs, texts: texts.pairs };
}

/** The rows with text keys, nearly in the order of these. */
function textKeys(path: string, pairs: Pairs, terminated: boolean): Pairs {
  const nul = terminated ? NUL : NUL.subarray(1);
  const pool = allocate(path, pairs);
  const view = viewOf(pool);
  const fromView = viewOf(pairs.pool);
  const texts = new Columns(pool, 2 * pairs.count);
  let at = 0;
  for (let i = 0; i < pairs.count; i++) {
    const valueAt = at;
    at = copyLoosely(pairs.pool, fromView, pairs.valueStart[i], pairs.valueEnd[i], pool, view, at);
    const keyAt = at;
    at = copyLoosely(pairs.pool, fromView, pairs.keyStart[i], pairs.keyEnd[i], pool, view, at);
    texts.add(keyAt, at, valueAt, keyAt);
    const textAt = at;
    at = writeXtext(pool, keyAt, textAt, pool, at);
    at = writeXtext(nul, 0, nul.length, pool, at);
    if (at - textAt > textAt - keyAt) texts.add(textAt, at, valueAt, keyAt);
  }
  return texts.finish();
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
