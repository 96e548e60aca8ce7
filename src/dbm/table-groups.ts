import type { Sizes } from './limits.ts';
import { linearColumns } from './linear-columns.ts';
import type { LinearMemory } from './linear-memory.ts';
import type { Pairs } from './pairs.ts';
import { inLoopStretches, LOOP_STRETCH } from './stretches.ts';

/** The loops of src/dbm/assembly that every format needs whose entries are in the order of numbers. */
export interface GroupLoops {
  setColumns(pool: number, keys: number, keyStops: number, values: number, valueStops: number): void;
  setNumbers(numberColumn: number, hashColumn: number): void;
  measureItems(starts: number, ends: number, count: number): bigint;
  longestItem(): number;
  countByGroup(from: number, to: number, shift: number, groups: number): void;
  placeInGroups(
    from: number,
    to: number,
    shift: number,
    first: number,
    last: number,
    ends: number,
    chosen: number,
  ): void;
  placeGroup(
    group: number,
    end: number,
    first: number,
    shift: number,
    buckets: number,
    starts: number,
    places: number,
  ): void;
}

/** Entries of neighbouring numbers. What is at the addresses is good until the next group is asked for. */
export interface Group {
  /** The first number. */
  readonly first: number;
  readonly buckets: number;
  readonly count: number;
  readonly isLast: boolean;
  /** Address of a number a bucket, and one: bucket `b` has the places from number `starts[b]` to `starts[b + 1]`. */
  readonly starts: number;
  /**
   * Address of where each entry is: its key, the key's end, its value, the value's end, all of them addresses; then its number and its
   * hash.
   */
  readonly places: number;
  /** Address of room that sorting its places takes. */
  readonly scratch: number;
}

/** Bytes of a place; numbers that it consists of. */
export const PLACE_BYTES = 24;
export const PLACE = PLACE_BYTES / 4;

/** What keys are sorted by. */
const ITEM_BYTES = 16;

/** Places that have room before those of a group: for entries of the group before that are not yet written. */
export const PLACES_BEFORE = 1024;

/** About so many entries are a group: what they consist of stays in the processor's cache while they are written. */
const GROUP_ENTRIES = 2048;
/** Entries whose places are noted in one round: each goes through the whole table, so a large table has fewer, larger ones. */
const ROUND_ENTRIES = 125_000;
const MOST_ROUNDS = 4;
/** A larger shift means another in 32 bits. */
const MOST_SHIFT = 31;

/** A part of a table's groups, of several with about as many entries each. */
export interface Share {
  readonly number: number;
  readonly of: number;
}

export const WHOLE: Share = { number: 0, of: 1 };
export const FIRST_HALF: Share = { number: 0, of: 2 };
export const SECOND_HALF: Share = { number: 1, of: 2 };

/** Bytes of room that sorting so many places takes, as src/dbm/assembly has it: two items and a place for each, and some bytes. */
export function sortingRoom(places: number): number {
  return (2 * ITEM_BYTES + PLACE_BYTES) * places + ITEM_BYTES;
}

/** A table's entries in the order of numbers that their keys' hashes give, in the memory of the loops that write them. */
export class TableGroups<Loops extends GroupLoops> {
  readonly memory: LinearMemory;
  readonly loops: Loops;
  readonly count: number;
  /** Addresses of the pool and of the columns. */
  readonly base: number;
  readonly columns: readonly [keyStart: number, keyEnd: number, valueStart: number, valueEnd: number];
  /** The table, where it is in the memory. */
  readonly pairs: Pairs;
  readonly #chosen: number;

  /** @throws MemoryFullError */
  constructor(pairs: Pairs, loopsIn: (memory: LinearMemory) => Loops) {
    const { memory, base, columns } = linearColumns(pairs);
    this.memory = memory;
    this.loops = loopsIn(memory);
    this.count = pairs.count;
    this.base = base;
    this.columns = columns;
    const [keyStart, keyEnd, valueStart, valueEnd] = columns.map((column) =>
      memory.numbers(column, pairs.count),
    );
    const pool = memory.bytes(base, pairs.pool.length);
    this.pairs = { count: pairs.count, pool, keyStart, keyEnd, valueStart, valueEnd };
    this.#chosen = this.memory.reserve(4 * (LOOP_STRETCH + 1));
    this.loops.setColumns(this.base, ...this.columns);
  }

  /** What keys and values take, each with `nul` bytes behind it. */
  sizes(nul: number): Sizes & { readonly longestKey: number } {
    const [keyStart, keyEnd, valueStart, valueEnd] = this.columns;
    const keys = this.#measure(keyStart, keyEnd);
    const values = this.#measure(valueStart, valueEnd);
    return {
      keys: keys.bytes + nul * this.count,
      values: values.bytes + nul * this.count,
      longestKey: keys.longest + nul,
      longestValue: values.longest + nul,
    };
  }

  #measure(starts: number, ends: number): { bytes: number; longest: number } {
    let bytes = 0;
    let longest = 0;
    inLoopStretches(this.count, (from, to) => {
      bytes += Number(this.loops.measureItems(starts + 4 * from, ends + 4 * from, to - from));
      longest = Math.max(longest, this.loops.longestItem() >>> 0);
    });
    return { bytes, longest };
  }

  /**
   * All entries in the order of their numbers, or those of a share, group after group; those of a bucket, which is `2 ** shift` numbers,
   * in the order of the table.
   *
   * @param numbers addresses of an entry's number, less than `limit` (at most 2 ** 31), and of its hash
   * @throws MemoryFullError
   */
  *groups(numbers: number, hashes: number, limit: number, shift: number, share = WHOLE): Generator<Group> {
    this.loops.setNumbers(numbers, hashes);
    const { groupShift, entries } = this.#countByGroup(limit, shift);
    const most = entries.reduce((longest, count) => Math.max(longest, count), 0);
    const starts = this.memory.reserve(4 * (2 ** (groupShift - shift) + 2));
    const places = this.memory.reserve(PLACE_BYTES * (PLACES_BEFORE + most)) + PLACE_BYTES * PLACES_BEFORE;
    const scratch = this.memory.reserve(sortingRoom(most));

    const rounds = roundsOf(entries, groupsOf(entries, share));
    const noted = this.memory.reserve(PLACE_BYTES * Math.max(0, ...rounds.map((round) => round.entries)));
    const ends = this.memory.reserve(4 * entries.length);
    for (const { first, last } of rounds) {
      const end = this.#placeInGroups(groupShift, first, last, entries, noted, ends);
      for (let group = first; group < last; group++) {
        const number = group * 2 ** groupShift;
        const buckets = Math.ceil(Math.min(2 ** groupShift, limit - number) / 2 ** shift);
        const count = entries[group];
        const to = end[group - first];
        this.loops.placeGroup(to - PLACE_BYTES * count, to, number, shift, buckets, starts, places);
        yield {
          first: number,
          buckets,
          count,
          isLast: group === entries.length - 1,
          starts,
          places,
          scratch,
        };
      }
    }
  }

  /** The first number of a share of the groups that `groups` gives for these. @throws MemoryFullError */
  firstOf(share: Share, numbers: number, hashes: number, limit: number, shift: number): number {
    this.loops.setNumbers(numbers, hashes);
    const { groupShift, entries } = this.#countByGroup(limit, shift);
    return groupsOf(entries, share)[0] * 2 ** groupShift;
  }

  /** How many numbers make a group, as a power of two, and the entries of each. */
  #countByGroup(limit: number, shift: number): { groupShift: number; entries: Uint32Array } {
    const wanted = Math.ceil(Math.log2((GROUP_ENTRIES / (this.count + 1)) * limit));
    const groupShift = Math.max(shift, Math.min(wanted, MOST_SHIFT, Math.ceil(Math.log2(limit))));
    const groups = Math.ceil(limit / 2 ** groupShift);
    const address = this.memory.reserve(4 * groups);
    inLoopStretches(this.count, (from, to) => this.loops.countByGroup(from, to, groupShift, address));
    return { groupShift, entries: this.memory.numbers(address, groups) };
  }

  /** Notes the places of each group's entries from `noted` on. @returns the addresses behind them, which are at `ends` */
  #placeInGroups(
    groupShift: number,
    first: number,
    last: number,
    entries: Uint32Array,
    noted: number,
    ends: number,
  ): Uint32Array {
    const end = this.memory.numbers(ends, last - first);
    let address = noted;
    for (let group = first; group < last; group++) {
      end[group - first] = address;
      address += PLACE_BYTES * entries[group];
    }
    inLoopStretches(this.count, (from, to) =>
      this.loops.placeInGroups(from, to, groupShift, first, last, ends, this.#chosen),
    );
    return end;
  }
}

interface Round {
  readonly first: number;
  readonly last: number;
  readonly entries: number;
}

/** The first of a share's groups of so many entries, and the one behind its last. */
function groupsOf(entries: Uint32Array, { number, of }: Share): readonly [from: number, to: number] {
  const all = entries.reduce((sum, count) => sum + count, 0);
  const behind = (share: number) => {
    let group = 0;
    for (let sum = 0; group < entries.length && sum < (all * share) / of; ) sum += entries[group++];
    return group;
  };
  return [behind(number), number + 1 === of ? entries.length : behind(number + 1)];
}

/** Splits groups of so many entries, from one to another, into rounds; a group is never split. */
function roundsOf(entries: Uint32Array, [from, to]: readonly [number, number]): Round[] {
  const all = entries.subarray(from, to).reduce((sum, count) => sum + count, 0);
  const limit = Math.max(ROUND_ENTRIES, Math.ceil(all / MOST_ROUNDS));
  const rounds: Round[] = [];
  for (let first = from; first < to; ) {
    let last = first;
    let sum = 0;
    while (last < to && (last === first || sum + entries[last] <= limit)) sum += entries[last++];
    rounds.push({ first, last, entries: sum });
    first = last;
  }
  return rounds;
}
