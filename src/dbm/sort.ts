import type { Pairs } from './pairs.ts';
import { compare, RunSorter } from './sort-run.ts';
import { type Scattered, scatter, scatteredBytes } from './sort-scatter.ts';

/** Entries in the order of their keys' bytes. */
export interface Sorted {
  /** Entry numbers. */
  readonly order: Uint32Array;
  /** An entry whose key another entry has as well, or -1. With one, `order` means nothing. */
  readonly repeated: number;
}

/** Entries laid out in the order of their keys' bytes. */
export interface InKeyOrder {
  readonly pairs: Pairs;
  /** As in `Sorted`, but an entry of `pairs`. */
  readonly repeated: number;
}

/** Sorts entries by their keys' bytes, as memcmp does; a key comes after those that it begins with. */
export function sortByKey(pairs: Pairs): Sorted {
  let sorted = sortedBefore.get(pairs);
  if (sorted === undefined) {
    sorted = sortNearlySorted(pairs) ?? sortScattered(pairs);
    sortedBefore.set(pairs, sorted);
  }
  return sorted;
}

/**
 * As `sortByKey`; and the entries' columns are in that order. Where `pairs` is not, keys and values are copied, so that who
 * goes through them one after the other finds them near each other in memory.
 */
export function inKeyOrder(pairs: Pairs): InKeyOrder {
  let laidOut = laidOutBefore.get(pairs);
  if (laidOut === undefined) {
    const nearly = sortNearlySorted(pairs);
    laidOut = nearly === undefined ? layOut(pairs) : permuted(pairs, nearly);
    laidOutBefore.set(pairs, laidOut);
  }
  return laidOut;
}

/** A table is sorted to be written, and again to be held against the file. */
const sortedBefore = new WeakMap<Pairs, Sorted>();
const laidOutBefore = new WeakMap<Pairs, InKeyOrder>();

/**
 * Sorts entries that are in order but for a few that come somewhat late, by insertion. Gives undefined when there are too
 * many of them.
 */
function sortNearlySorted({ count, pool, keyStart, keyEnd }: Pairs): Sorted | undefined {
  const order = new Uint32Array(count);
  let repeated = -1;
  let moves = count >>> 2;
  for (let i = 0; i < count; i++) {
    order[i] = i;
    for (let hole = i; hole > 0; hole--) {
      const before = order[hole - 1];
      const difference = compare(pool, keyStart[before], keyEnd[before], keyStart[i], keyEnd[i]);
      if (difference === 0) repeated = i;
      if (difference <= 0) break;
      if (--moves < 0) return undefined;
      order[hole] = before;
      order[hole - 1] = i;
    }
  }
  return { order, repeated };
}

/** The same entries, in the same pool. */
function permuted(pairs: Pairs, { order, repeated }: Sorted): InKeyOrder {
  if (order.every((entry, i) => entry === i)) return { pairs, repeated };
  const take = (column: Uint32Array) => Uint32Array.from(order, (entry) => column[entry]);
  const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  const columns = {
    keyStart: take(keyStart),
    keyEnd: take(keyEnd),
    valueStart: take(valueStart),
    valueEnd: take(valueEnd),
  };
  return { pairs: { count, pool, ...columns }, repeated: repeated < 0 ? -1 : order.indexOf(repeated) };
}

function sortScattered(pairs: Pairs): Sorted {
  const scattered = scatter(pairs, false);
  const { order, repeated } = sortRuns(scattered);
  const { entries } = scattered;
  for (let i = 0; i < order.length; i++) order[i] = entries[order[i]];
  return { order, repeated: repeated < 0 ? -1 : entries[repeated] };
}

/** Values that many entries share are not worth a copy for each. */
function layOut(pairs: Pairs): InKeyOrder {
  if (scatteredBytes(pairs) > 2 * pairs.pool.length) return permuted(pairs, sortScattered(pairs));
  const scattered = scatter(pairs, true);
  const { order, repeated } = sortRuns(scattered);
  const { keys, depth, valueEnd: valueEnds } = scattered;
  const { count } = pairs;
  const keyStart = new Uint32Array(count);
  const keyEnd = new Uint32Array(count);
  const valueEnd = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    keyStart[i] = keys.start[order[i]] - depth;
    keyEnd[i] = keys.end[order[i]];
    valueEnd[i] = valueEnds[order[i]];
  }
  return {
    pairs: { count, pool: keys.pool, keyStart, keyEnd, valueStart: keyEnd, valueEnd },
    repeated: repeated < 0 ? -1 : order.indexOf(repeated),
  };
}

/** The keys' numbers in their order. */
function sortRuns({ keys, bounds }: Scattered): Sorted {
  const order = new Uint32Array(keys.start.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  const sorter = new RunSorter(keys, order);
  for (let piece = 0; piece + 1 < bounds.length; piece++) {
    const mayEndBefore = (piece & 0xff) === 0;
    sorter.sort(bounds[piece], bounds[piece + 1], mayEndBefore ? 0 : 2);
  }
  return { order, repeated: sorter.repeated };
}
