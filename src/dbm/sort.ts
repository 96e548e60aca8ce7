import { copyLoosely, viewOf } from './bytes.ts';
import type { Pairs } from './pairs.ts';
import { commonPrefix, compare, type Keys, RunSorter, twoBytes } from './sort-run.ts';

/** Entries in the order of their keys' bytes. */
export interface Sorted {
  /** Entry numbers. */
  readonly order: Uint32Array;
  /** An entry whose key another entry has as well, or -1. With one, `order` means nothing. */
  readonly repeated: number;
}

/** Sorts entries by their keys' bytes, as memcmp does; a key comes after those that it begins with. */
export function sortByKey(pairs: Pairs): Sorted {
  const known = sortedBefore.get(pairs);
  if (known !== undefined) return known;
  const sorted = sortNearlySorted(pairs) ?? sortScattered(pairs);
  sortedBefore.set(pairs, sorted);
  return sorted;
}

/** A table is sorted to be written, and again to be held against the file. */
const sortedBefore = new WeakMap<Pairs, Sorted>();

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

const PIECES = 65536;

/**
 * Copies the keys together that agree in the first two bytes in which not all do, in one pass over the pool, and sorts each
 * such run: from there on, everything happens in the processor's cache.
 */
function sortScattered(pairs: Pairs): Sorted {
  const { count, pool, keyStart, keyEnd } = pairs;
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const depth = commonPrefix(pairs.pool, keyStart, keyEnd, order, 0);

  const pieces = new Uint16Array(count);
  const bounds = new Uint32Array(PIECES + 1);
  const bytes = new Uint32Array(PIECES + 1);
  for (let i = 0; i < count; i++) {
    const piece = twoBytes(pool, keyStart[i] + depth, keyEnd[i]);
    pieces[i] = piece;
    bounds[piece + 1]++;
    bytes[piece + 1] += padded(keyEnd[i] - keyStart[i] - depth);
  }
  for (let piece = 1; piece <= PIECES; piece++) {
    bounds[piece] += bounds[piece - 1];
    bytes[piece] += bytes[piece - 1];
  }

  const { keys, entries } = gather(pairs, depth, pieces, bounds.slice(), bytes);
  const sorter = new RunSorter(keys, order);
  for (let piece = 0; piece < PIECES; piece++) {
    const mayEndBefore = (piece & 0xff) === 0;
    sorter.sort(bounds[piece], bounds[piece + 1], mayEndBefore ? 0 : 2);
  }
  for (let i = 0; i < count; i++) order[i] = entries[order[i]];
  return { order, repeated: sorter.repeated < 0 ? -1 : entries[sorter.repeated] };
}

/** What is left of the keys behind `depth`, each at the next place of its piece, and the entries that they are of. */
function gather(
  { count, pool, keyStart, keyEnd }: Pairs,
  depth: number,
  pieces: Uint16Array,
  nextPlace: Uint32Array,
  nextByte: Uint32Array,
): { keys: Keys; entries: Uint32Array } {
  const keys: Keys = {
    pool: new Uint8Array(nextByte[PIECES]),
    start: new Uint32Array(count),
    end: new Uint32Array(count),
  };
  const entries = new Uint32Array(count);
  const view = viewOf(keys.pool);
  const poolView = viewOf(pool);
  for (let i = 0; i < count; i++) {
    const piece = pieces[i];
    const place = nextPlace[piece]++;
    const start = nextByte[piece];
    const from = keyStart[i] + depth;
    const to = keyEnd[i];
    copyLoosely(pool, poolView, from, to, keys.pool, view, start);
    nextByte[piece] = start + padded(to - from);
    keys.start[place] = start;
    keys.end[place] = start + to - from;
    entries[place] = i;
  }
  return { keys, entries };
}

/** With room for what a copy writes beyond the end. */
function padded(length: number): number {
  return (length + 3) & ~3;
}
