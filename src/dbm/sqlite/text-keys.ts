import { DbmError } from '../error.ts';
import type { Pairs } from '../pairs.ts';
import { printable } from '../printable.ts';
import { sortByKey } from '../sort.ts';
import { writeXtext, xtextLength } from './xtext.ts';

/** Offsets in `Pairs` have 32 bits. */
const LARGEST_POOL = 2 ** 32 - 1;
const NUL = Uint8Array.of(0);

/**
 * The rows of the table with text keys: each entry under its key as it is, for Exim 4.98, and under what Exim 4.99 makes of
 * the key and its NUL. Where both are the same, there is one.
 *
 * @throws DbmError when one Exim would look up by the same text what the other has for another entry
 */
export function textKeys(path: string, pairs: Pairs, terminated: boolean): Pairs {
  const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  const nul = terminated ? NUL : NUL.subarray(1);
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += xtextLength(pool, keyStart[i], keyEnd[i]) + 3 * nul.length;
  if (pool.length + bytes > LARGEST_POOL) throw new DbmError(path, 'the table is too large for the format');

  const rows = new Rows(pairs, bytes);
  let at = pool.length;
  for (let i = 0; i < count; i++) {
    rows.add(keyStart[i], keyEnd[i], valueStart[i], valueEnd[i]);
    const start = at;
    at = writeXtext(pool, keyStart[i], keyEnd[i], rows.pool, at);
    at = writeXtext(nul, 0, nul.length, rows.pool, at);
    if (at - start > keyEnd[i] - keyStart[i]) rows.add(start, at, valueStart[i], valueEnd[i]);
  }
  const table = rows.finish();
  const { repeated } = sortByKey(table);
  if (repeated >= 0) {
    const key = printable(table.pool.subarray(table.keyStart[repeated], table.keyEnd[repeated]));
    throw new DbmError(
      path,
      `the key ${key} is what Exim 4.98 or 4.99 looks up for another entry, too: one of the two has to go`,
    );
  }
  return table;
}

/** Columns over a pool that has room for `bytes` behind what is there. */
class Rows {
  readonly pool: Uint8Array;
  #count = 0;
  readonly #columns: readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

  constructor({ pool, count }: Pairs, bytes: number) {
    this.pool = new Uint8Array(pool.length + bytes);
    this.pool.set(pool);
    const column = () => new Uint32Array(2 * count);
    this.#columns = [column(), column(), column(), column()];
  }

  add(...places: readonly [keyStart: number, keyEnd: number, valueStart: number, valueEnd: number]): void {
    for (let i = 0; i < places.length; i++) this.#columns[i][this.#count] = places[i];
    this.#count++;
  }

  finish(): Pairs {
    const [keyStart, keyEnd, valueStart, valueEnd] = this.#columns;
    return { count: this.#count, pool: this.pool, keyStart, keyEnd, valueStart, valueEnd };
  }
}
