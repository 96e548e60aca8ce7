import { copyLoosely, viewOf } from './bytes.ts';
import type { Pairs } from './pairs.ts';
import { commonPrefix, type Keys, twoBytes } from './sort-run.ts';

const PIECES = 65536;

/** Entries in runs whose keys agree in two bytes, copied together in one pass over the pool. */
export interface Scattered {
  /** All the keys begin alike; `keys` has what is behind these bytes. */
  readonly depth: number;
  readonly keys: Keys;
  /** Where the values end that stand behind the keys, if they do. */
  readonly valueEnd: Uint32Array;
  /** The entry that each key is of. */
  readonly entries: Uint32Array;
  /** The run of `piece` goes from `bounds[piece]` to `bounds[piece + 1]`. */
  readonly bounds: Uint32Array;
}

/** Copies keys, and values where `withValues`, by the first two bytes of the keys in which not all agree. */
export function scatter(pairs: Pairs, withValues: boolean): Scattered {
  const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = pairs;
  const depth = commonPrefix(pool, keyStart, keyEnd, count);
  const pieces = new Uint16Array(count);
  const bounds = new Uint32Array(PIECES + 1);
  const nextByte = new Uint32Array(PIECES + 1);
  for (let i = 0; i < count; i++) {
    const piece = twoBytes(pool, keyStart[i] + depth, keyEnd[i]);
    pieces[i] = piece;
    bounds[piece + 1]++;
    nextByte[piece + 1] += padded(keyEnd[i] - keyStart[i] + (withValues ? valueEnd[i] - valueStart[i] : 0));
  }
  for (let piece = 1; piece <= PIECES; piece++) {
    bounds[piece] += bounds[piece - 1];
    nextByte[piece] += nextByte[piece - 1];
  }

  const copies = new Uint8Array(nextByte[PIECES]);
  const view = viewOf(copies);
  const poolView = viewOf(pool);
  const keys: Keys = { pool: copies, start: new Uint32Array(count), end: new Uint32Array(count) };
  const ends = new Uint32Array(withValues ? count : 0);
  const entries = new Uint32Array(count);
  const nextPlace = bounds.slice();
  for (let i = 0; i < count; i++) {
    const piece = pieces[i];
    const place = nextPlace[piece]++;
    const start = nextByte[piece];
    let at = copyLoosely(pool, poolView, keyStart[i], keyEnd[i], copies, view, start);
    keys.start[place] = start + depth;
    keys.end[place] = at;
    if (withValues) {
      at = copyLoosely(pool, poolView, valueStart[i], valueEnd[i], copies, view, at);
      ends[place] = at;
    }
    nextByte[piece] = start + padded(at - start);
    entries[place] = i;
  }
  return { depth, keys, valueEnd: ends, entries, bounds };
}

/** What `scatter` copies, in bytes, with the values. */
export function scatteredBytes({ count, keyStart, keyEnd, valueStart, valueEnd }: Pairs): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += padded(keyEnd[i] - keyStart[i] + valueEnd[i] - valueStart[i]);
  return bytes;
}

/** With room for what a copy may write beyond the end. */
function padded(length: number): number {
  return length + 3;
}
