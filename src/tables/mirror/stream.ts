import type { FoundEntries } from '../../ldap/types.ts';
import { BlockSums } from '../../state/mirror/block-sums.ts';
import { ID_BYTES, type Stream } from '../../state/mirror/columns.ts';
import { compareBytes } from '../columns/bytes.ts';
import { EntriesBuilder } from '../columns/entries.ts';
import { rearranged } from '../columns/gather.ts';
import { NONE_REPEATED, repeatedPlaces } from '../columns/repeated.ts';
import type { Run, RunSorting } from '../columns/runs.ts';
import { sharedColumn } from '../columns/shared-memory.ts';
import { compareValues, settleTies, sorted } from '../columns/sort.ts';
import type { Claim } from './layer.ts';

/** Grows the columns of a stream. */
export class StreamBuilder {
  readonly #entries: EntriesBuilder;
  #object: Uint32Array;
  readonly poolSums = new BlockSums();

  constructor(expectedEntries?: number, expectedBytes?: number, sorting?: RunSorting) {
    this.#entries = new EntriesBuilder(expectedEntries, expectedBytes, sorting);
    this.#object = this.#entries.column(expectedEntries ?? 1 << 20);
  }

  get count(): number {
    return this.#entries.count;
  }

  /** @throws TableTooLargeError */
  add(
    object: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const { count } = this.#entries;
    this.#reserve(count + 1);
    this.#object[count] = object;
    this.#entries.add(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd);
  }

  /** Adds entries as `EntriesBuilder.addAll` does. */
  addAll(entries: FoundEntries): void {
    const { count } = this.#entries;
    this.#reserve(count + entries.count);
    this.#object.set(entries.object, count);
    this.#entries.addAll(entries);
  }

  /** Sums what texts there are by now. */
  sum(): void {
    this.poolSums.follow(this.#entries.finish().pool);
  }

  /** The columns so far; the builder must not be used afterwards. */
  finish(): Stream {
    return { ...this.#entries.finish(), object: this.#object };
  }

  /** The first entries in runs, as many as were sorted while others came. */
  runs(): Promise<readonly Run[]> {
    return this.#entries.runs();
  }

  /** Makes room for the objects of so many entries. */
  #reserve(entries: number): void {
    if (entries <= this.#object.length) return;
    const larger = this.#entries.column(Math.max(1024, entries, this.#object.length * 2));
    larger.set(this.#object);
    this.#object = larger;
  }
}

/**
 * Puts the entries into the order of their keys, then of their objects' ids, then of their values: the first of those with one key is
 * the one that counts. The columns that are given must not be used afterwards.
 *
 * @param runs of its first entries, sorted before
 */
export function sortStream(stream: Stream, ids: Uint8Array, runs: readonly Run[] = []): Stream {
  const { order, repeats } = sorted(stream, runs);
  const repeated = repeats ? repeatedPlaces(stream, order) : NONE_REPEATED;
  if (repeats) {
    settleTies(
      order,
      repeated,
      (a, b) =>
        compareIds(ids, stream.object[a], ids, stream.object[b]) || compareValues(stream, a, b) || a - b,
    );
  }
  const { pool } = stream;
  const columns = [stream.keyStart, stream.keyEnd, stream.valueStart, stream.valueEnd, stream.object];
  const [keyStart, keyEnd, valueStart, valueEnd, object] = rearranged(pool, columns, order);
  return { count: order.length, pool, keyStart, keyEnd, valueStart, valueEnd, object, repeated };
}

/** The byte order of two objects' ids. */
function compareIds(a: Uint8Array, objectA: number, b: Uint8Array, objectB: number): number {
  const startA = objectA * ID_BYTES;
  const startB = objectB * ID_BYTES;
  for (let i = 0; i < ID_BYTES; i++) {
    const difference = a[startA + i] - b[startB + i];
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The order in which entries of two sorted streams come, their objects' ids given. */
export function compareEntries(
  a: Stream,
  idsA: Uint8Array,
  i: number,
  b: Stream,
  idsB: Uint8Array,
  j: number,
): number {
  return (
    compareBytes(a.pool, a.keyStart[i], a.keyEnd[i], b.pool, b.keyStart[j], b.keyEnd[j]) ||
    compareIds(idsA, a.object[i], idsB, b.object[j]) ||
    compareBytes(a.pool, a.valueStart[i], a.valueEnd[i], b.pool, b.valueStart[j], b.valueEnd[j])
  );
}

/** The number of the first entry with a key in a sorted stream, or -1. */
export function findKey(stream: Stream, key: Uint8Array): number {
  const { count, pool, keyStart, keyEnd } = stream;
  const first = firstFrom(stream, key);
  if (first === count) return -1;
  return compareBytes(pool, keyStart[first], keyEnd[first], key, 0, key.length) === 0 ? first : -1;
}

/** The entries of a sorted stream with a key. */
export function claimsIn(stream: Stream, key: Uint8Array): Claim[] {
  const { count, pool, keyStart, keyEnd, valueStart, valueEnd, object } = stream;
  const claims: Claim[] = [];
  for (let i = firstFrom(stream, key); i < count; i++) {
    if (compareBytes(pool, keyStart[i], keyEnd[i], key, 0, key.length) !== 0) break;
    claims.push({ object: object[i], value: pool.subarray(valueStart[i], valueEnd[i]) });
  }
  return claims;
}

/** The number of the first entry of a sorted stream whose key does not come before a key. */
export function firstFrom(stream: Stream, key: Uint8Array): number {
  let low = 0;
  let high = stream.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(stream.pool, stream.keyStart[middle], stream.keyEnd[middle], key, 0, key.length) < 0)
      low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The objects of a stream that is combined with another. */
export interface CombinedObjects {
  readonly count: number;
  /** Whether the entries of one of them are left out. */
  readonly isReplaced: (object: number) => boolean;
  /** How its id compares with that of an object of the other stream. */
  readonly compareIds: (object: number, other: number) => number;
}

/**
 * A sorted stream's entries without those of some objects, and those of another stream among them.
 *
 * @param pool has the bytes of both: those of `more` from `shift` on
 * @param objects those of `base`
 */
export function combine(
  base: Stream,
  more: Stream,
  objects: CombinedObjects,
  { pool, start: shift }: { readonly pool: Uint8Array; readonly start: number },
): Stream {
  const { count: firstObject, isReplaced } = objects;
  const room = base.count + more.count;
  const columns = {
    keyStart: sharedColumn(room),
    keyEnd: sharedColumn(room),
    valueStart: sharedColumn(room),
    valueEnd: sharedColumn(room),
    object: sharedColumn(room),
  };
  const { keyStart, keyEnd, valueStart, valueEnd, object } = columns;
  let count = 0;
  /** Whole stretches are copied: all but a few entries are as they were. */
  const copy = (from: number, to: number): void => {
    if (from === to) return;
    keyStart.set(base.keyStart.subarray(from, to), count);
    keyEnd.set(base.keyEnd.subarray(from, to), count);
    valueStart.set(base.valueStart.subarray(from, to), count);
    valueEnd.set(base.valueEnd.subarray(from, to), count);
    object.set(base.object.subarray(from, to), count);
    count += to - from;
  };
  const copyKept = (from: number, to: number): void => {
    let start = from;
    for (let i = from; i < to; i++) {
      if (!isReplaced(base.object[i])) continue;
      copy(start, i);
      start = i + 1;
    }
    copy(start, to);
  };
  let done = 0;
  for (let j = 0; j < more.count; j++) {
    const place = placeOf(more, j, base, objects, done);
    copyKept(done, place);
    done = place;
    keyStart[count] = more.keyStart[j] + shift;
    keyEnd[count] = more.keyEnd[j] + shift;
    valueStart[count] = more.valueStart[j] + shift;
    valueEnd[count] = more.valueEnd[j] + shift;
    object[count++] = more.object[j] + firstObject;
  }
  copyKept(done, base.count);
  return { count, pool, ...columns };
}

/** The first entry of `base` from `from` on that does not come before an entry of `more`. */
function placeOf(more: Stream, j: number, base: Stream, objects: CombinedObjects, from: number): number {
  let low = from;
  let high = base.count;
  while (low < high) {
    const i = (low + high) >>> 1;
    const order =
      compareBytes(
        base.pool,
        base.keyStart[i],
        base.keyEnd[i],
        more.pool,
        more.keyStart[j],
        more.keyEnd[j],
      ) ||
      objects.compareIds(base.object[i], more.object[j]) ||
      compareBytes(
        base.pool,
        base.valueStart[i],
        base.valueEnd[i],
        more.pool,
        more.valueStart[j],
        more.valueEnd[j],
      );
    if (order < 0) low = i + 1;
    else high = i;
  }
  return low;
}
