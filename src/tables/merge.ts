import type { Pairs } from '../dbm/pairs.ts';
import { compareBytes, printable } from './bytes.ts';
import { TableTooLargeError } from './entries.ts';
import { type Run, runsOf } from './runs.ts';
import { sharedBytes, sharedColumn } from './shared-memory.ts';
import { compareValues, type Precedence, sortedOrder } from './sort.ts';
import { Table } from './table.ts';
import type { Listing } from './tally.ts';
import { Tally } from './tally.ts';

/** What one source gave. */
export interface Contribution {
  /** Names the source in reports. */
  readonly source: string;
  readonly pairs: Pairs;
  /** Its first entries, sorted before. */
  readonly runs?: readonly Run[] | undefined;
  /** Which of two entries with the same key wins: the earlier in a file, the lesser value in a directory's answer. */
  readonly ties: 'first' | 'value';
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
}

/** One table from its sources in their order: the first source that has a key gives its value. */
export function merge(contributions: readonly Contribution[]): Merged {
  const { pairs, ends } = concatenate(contributions);
  const sourceOf = (entry: number): number => ends.findIndex((end) => entry < end);
  let repeatedKeys = false;
  const precedence: Precedence = (a, b) => {
    repeatedKeys = true; // only entries with the same key are ever compared by precedence
    const source = sourceOf(a);
    if (source !== sourceOf(b)) return a - b;
    return contributions[source].ties === 'value' ? compareValues(pairs, a, b) || a - b : a - b;
  };
  const claim = (entry: number): Claim => ({
    source: contributions[sourceOf(entry)].source,
    value: printable(pairs.pool, pairs.valueStart[entry], pairs.valueEnd[entry]),
  });

  const conflicts = new Tally<Conflict>();
  const order = sortedOrder(pairs, precedence, allRuns(contributions, ends));
  const onRepeated = (kept: number, dropped: number): void => {
    const standsIn = [kept, dropped].some((entry) => contributions[sourceOf(entry)].standsIn);
    if (standsIn || compareValues(pairs, kept, dropped) === 0) return;
    conflicts.add(() => ({
      key: printable(pairs.pool, pairs.keyStart[kept], pairs.keyEnd[kept]),
      kept: claim(kept),
      dropped: claim(dropped),
    }));
  };
  const unique = repeatedKeys ? withoutRepeatedKeys(pairs, order, onRepeated) : order;
  return { table: Table.from(pairs, unique), conflicts };
}

/** The runs of every source, by the numbers that its entries have among all. */
function allRuns(contributions: readonly Contribution[], ends: readonly number[]): Run[] {
  if (contributions.every(({ runs }) => runs === undefined)) return [];
  return contributions.flatMap(({ pairs, runs = [] }, source) => {
    const sorted = runs.reduce((sum, { order }) => sum + order.length, 0);
    const shift = ends[source] - pairs.count;
    const all = [...runs, ...runsOf(pairs, sorted, pairs.count)];
    if (shift === 0) return all;
    return all.map(({ order, repeats }) => ({ order: order.map((entry) => entry + shift), repeats }));
  });
}

/** The first of each group of equal keys; hears of the others together with it. */
function withoutRepeatedKeys(
  pairs: Pairs,
  order: Uint32Array,
  onRepeated: (kept: number, dropped: number) => void,
): Uint32Array {
  const { pool, keyStart, keyEnd } = pairs;
  let count = Math.min(1, order.length);
  for (let i = 1; i < order.length; i++) {
    const kept = order[count - 1];
    const entry = order[i];
    if (compareBytes(pool, keyStart[kept], keyEnd[kept], pool, keyStart[entry], keyEnd[entry]) === 0) {
      onRepeated(kept, entry);
    } else {
      order[count++] = entry;
    }
  }
  return order.subarray(0, count);
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

  const pairs = {
    count,
    pool: sharedBytes(bytes),
    keyStart: sharedColumn(count),
    keyEnd: sharedColumn(count),
    valueStart: sharedColumn(count),
    valueEnd: sharedColumn(count),
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
