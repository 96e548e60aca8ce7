import type { Pairs } from '../../dbm/pairs.ts';
import { compareBytes, printable } from './bytes.ts';
import type { Difference } from './diff.ts';
import { TableTooLargeError } from './entries.ts';
import { NONE_REPEATED, repeatedPlaces } from './repeated.ts';
import { mergeRuns, type Run, runInOrder } from './runs.ts';
import { columnBeside, poolBytes } from './shared-memory.ts';
import { sortedPairs } from './sorted-pairs.ts';
import { Table } from './table.ts';
import type { Listing } from './tally.ts';
import { Tally } from './tally.ts';

/** What one source gave. */
export interface Contribution {
  /** Names the source in reports. */
  readonly source: string;
  readonly pairs: Pairs;
  /** All of them are in the order of their keys. */
  readonly isSorted?: boolean;
  /** The places of the entries that have the key of the one before; undefined where that is not known, or not all are in order. */
  readonly repeated?: Uint32Array | undefined;
  /** It stands in for a source that failed: that others say otherwise is no conflict. */
  readonly standsIn?: boolean;
}

/** A key for which sources, or two entries of one source, give different values. */
export interface Conflict {
  readonly key: string;
  readonly kept: Claim;
  readonly dropped: Claim;
}

export interface Claim {
  readonly source: string;
  readonly value: string;
}

export interface Merged {
  readonly table: Table;
  readonly conflicts: Listing<Conflict>;
  /** What it changes of what is published, where that is known without comparing the two. */
  readonly difference?: Difference | undefined;
}

/** One table from its sources in their order: the first source that has a key gives its value, and in it the first entry. */
export function merge(given: readonly Contribution[]): Merged {
  const contributions = given.map(inKeyOrder);
  if (isMerged(contributions)) return { table: Table.whole(contributions[0].pairs), conflicts: new Tally() };
  const { pairs, ends } = concatenate(contributions);
  const sourceOf = (entry: number): number => ends.findIndex((end) => entry < end);
  const claim = (entry: number): Claim => ({
    source: contributions[sourceOf(entry)].source,
    value: printable(pairs.pool, pairs.valueStart[entry], pairs.valueEnd[entry]),
  });

  const conflicts = new Tally<Conflict>();
  const { order, repeats } = mergeRuns(pairs, allRuns(contributions, ends));
  const onRepeated = (kept: number, dropped: number): void => {
    const standsIn = [kept, dropped].some((entry) => contributions[sourceOf(entry)].standsIn);
    if (standsIn || sameValue(pairs, kept, dropped)) return;
    conflicts.add(() => ({
      key: printable(pairs.pool, pairs.keyStart[kept], pairs.keyEnd[kept]),
      kept: claim(kept),
      dropped: claim(dropped),
    }));
  };
  const known = contributions.length === 1 ? contributions[0].repeated : undefined;
  const unique = repeats
    ? withoutRepeatedKeys(order, known ?? repeatedPlaces(pairs, order), onRepeated)
    : order;
  const isWhole = contributions.length === 1 && unique.length === pairs.count;
  return { table: isWhole ? Table.whole(pairs) : Table.from(pairs, unique), conflicts };
}

/** Whether there is nothing to merge. */
export function isMerged(contributions: readonly Contribution[]): boolean {
  return (
    contributions.length === 1 &&
    contributions.every(({ isSorted, repeated }) => isSorted && repeated?.length === 0)
  );
}

function inKeyOrder(contribution: Contribution): Contribution {
  if (contribution.isSorted) return contribution;
  const { pairs, repeats } = sortedPairs(contribution.pairs);
  return { ...contribution, pairs, isSorted: true, repeated: repeats ? undefined : NONE_REPEATED };
}

/** The runs of sources that are in order, by the numbers that their entries have among all. */
function allRuns(contributions: readonly Contribution[], ends: readonly number[]): Run[] {
  return contributions.map(({ pairs, repeated }, source) =>
    runInOrder(ends[source] - pairs.count, ends[source], repeated?.length !== 0),
  );
}

/** The first of each group of equal keys; hears of the others together with it. */
function withoutRepeatedKeys(
  order: Uint32Array,
  places: Uint32Array,
  onRepeated: (kept: number, dropped: number) => void,
): Uint32Array {
  let kept = 0;
  let count = 0;
  let done = 0;
  for (const place of places) {
    // Of several in a row, the first is the one before the first of them.
    if (place > done) kept = order[place - 1];
    onRepeated(kept, order[place]);
    order.copyWithin(count, done, place);
    count += place - done;
    done = place + 1;
  }
  order.copyWithin(count, done);
  return order.subarray(0, count + order.length - done);
}

function sameValue({ pool, valueStart, valueEnd }: Pairs, a: number, b: number): boolean {
  return compareBytes(pool, valueStart[a], valueEnd[a], pool, valueStart[b], valueEnd[b]) === 0;
}

/** All entries over one pool; `ends[s]` is the number of entries of the sources up to and with `s`. */
function concatenate(contributions: readonly Contribution[]): { pairs: Pairs; ends: number[] } {
  const ends: number[] = [];
  let count = 0;
  let bytes = 0;
  for (const { pairs } of contributions) {
    count += pairs.count;
    bytes += pairs.pool.length;
    ends.push(count);
  }
  const [first, second] = contributions;
  if (first !== undefined && second === undefined) return { pairs: first.pairs, ends };
  if (bytes > 0xffffffff) throw new TableTooLargeError();

  const pool = poolBytes(bytes);
  const pairs = {
    count,
    pool,
    keyStart: columnBeside(pool, count),
    keyEnd: columnBeside(pool, count),
    valueStart: columnBeside(pool, count),
    valueEnd: columnBeside(pool, count),
  };
  let entry = 0;
  let shift = 0;
  for (const { pairs: part } of contributions) {
    for (let i = 0; i < part.count; i++, entry++) {
      pairs.keyStart[entry] = part.keyStart[i] + shift;
      pairs.keyEnd[entry] = part.keyEnd[i] + shift;
      pairs.valueStart[entry] = part.valueStart[i] + shift;
      pairs.valueEnd[entry] = part.valueEnd[i] + shift;
    }
    pairs.pool.set(part.pool, shift);
    shift += part.pool.length;
  }
  return { pairs, ends };
}
