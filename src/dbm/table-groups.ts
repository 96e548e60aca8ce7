import type { Sizes } from './limits.ts';
import { linearColumns } from './linear-columns.ts';
import type { LinearMemory } from './linear-memory.ts';
import type { Pairs } from './pairs.ts';

/** The loops of src/dbm/assembly that every format needs whose entries are in the order of numbers. */
export interface GroupLoops {
  setColumns(pool: number, keys: number, keyStops: number, values: number, valueStops: number): void;
  setNumbers(numberColumn: number, hashColumn: number): void;
  measureItems(starts: number, ends: number, count: number): bigint;
  longestItem(): number;
  measureGroups(count: number, shift: number, groups: number): void;
  copyToGroups(count: number, shift: number, first: number, last: number, ends: number, chosen: number): void;
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
  /** Address of where each entry is: its key, the key's end, its value, the value's end, all of them addresses. */
  readonly places: number;
  /** Address of room that sorting its places takes: for twice as many, and some bytes. */
  readonly scratch: number;
}

/** Bytes of a place; numbers that it consists of. */
export const PLACE_BYTES = 16;
export const PLACE = PLACE_BYTES / 4;

/** Places that have room before those of a group: for entries of the group before that are not yet written. */
export const PLACES_BEFORE = 1024;

/** Bytes of a group's entries: they stay in the processor's cache while they are written. */
const GROUP_BYTES = 3 << 17;
/** Bytes that are copied in one round: each goes through the whole table, so a large table has fewer, larger ones. */
const ROUND_BYTES = 1 << 22;
const MOST_ROUNDS = 8;
/** What the loops may write behind the entries of a group. */
const LOOSE = 64;
/** Numbers that the loops note while they look through a table. */
const NOTED = 1025;
/** A larger shift means another in 32 bits. */
const MOST_SHIFT = 31;

/** A table's entries in the order of numbers that their keys' hashes give, in the memory of the loops that write them. */
export class TableGroups<Loops extends GroupLoops> {
  readonly memory: LinearMemory;
  readonly loops: Loops;
  readonly count: number;
  /** Addresses of the pool and of the columns. */
  readonly base: number;
  readonly columns: readonly [keyStart: number, keyEnd: number, valueStart: number, valueEnd: number];
  /** What all groups take, about. */
  readonly #bytes: number;
  readonly #noted: number;

  /** @throws MemoryFullError */
  constructor(pairs: Pairs, loopsIn: (memory: LinearMemory) => Loops) {
    const { memory, base, columns } = linearColumns(pairs);
    this.memory = memory;
    this.loops = loopsIn(memory);
    this.count = pairs.count;
    this.#bytes = pairs.pool.length + PLACE_BYTES * pairs.count;
    this.base = base;
    this.columns = columns;
    this.#noted = this.memory.reserve(4 * NOTED);
    this.loops.setColumns(this.base, ...this.columns);
  }

  /** What keys and values take, each with `nul` bytes behind it. */
  sizes(nul: number): Sizes & { readonly longestKey: number } {
    const [keyStart, keyEnd, valueStart, valueEnd] = this.columns;
    const nuls = nul * this.count;
    const keys = Number(this.loops.measureItems(keyStart, keyEnd, this.count)) + nuls;
    const longestKey = (this.loops.longestItem() >>> 0) + nul;
    const values = Number(this.loops.measureItems(valueStart, valueEnd, this.count)) + nuls;
    return { keys, values, longestKey, longestValue: (this.loops.longestItem() >>> 0) + nul };
  }

  /**
   * All entries in the order of their numbers, group after group; those of a bucket, which is `2 ** shift` numbers, in the order of
   * the table.
   *
   * @param numbers addresses of an entry's number, less than `limit` (at most 2 ** 31), and of its hash
   * @throws MemoryFullError
   */
  *groups(numbers: number, hashes: number, limit: number, shift: number): Generator<Group> {
    this.loops.setNumbers(numbers, hashes);
    const { groupShift, entries, bytes } = this.#measureGroups(limit, shift);
    const most = entries.reduce((longest, count) => Math.max(longest, count), 0);
    const starts = this.memory.reserve(4 * (2 ** (groupShift - shift) + 2));
    const places = this.memory.reserve(PLACE_BYTES * (PLACES_BEFORE + most)) + PLACE_BYTES * PLACES_BEFORE;
    const scratch = this.memory.reserve(2 * PLACE_BYTES * most + LOOSE);

    const rounds = roundsOf(bytes);
    const room = this.memory.reserve(rounds.reduce((longest, round) => Math.max(longest, round.bytes), 0));
    const ends = this.memory.reserve(4 * bytes.length);
    for (const { first, last } of rounds) {
      const from = this.#copyToGroups(groupShift, first, last, bytes, room, ends);
      const to = this.memory.numbers(ends, last - first);
      for (let group = first; group < last; group++) {
        const number = group * 2 ** groupShift;
        const buckets = Math.ceil(Math.min(2 ** groupShift, limit - number) / 2 ** shift);
        this.loops.placeGroup(from[group - first], to[group - first], number, shift, buckets, starts, places);
        const isLast = group === entries.length - 1;
        yield { first: number, buckets, count: entries[group], isLast, starts, places, scratch };
      }
    }
  }

  /** How many numbers make a group, as a power of two, and the entries and bytes of each. */
  #measureGroups(
    limit: number,
    shift: number,
  ): { groupShift: number; entries: Uint32Array; bytes: Uint32Array } {
    const wanted = Math.ceil(Math.log2((GROUP_BYTES / (this.#bytes + 1)) * limit));
    const groupShift = Math.max(shift, Math.min(wanted, MOST_SHIFT, Math.ceil(Math.log2(limit))));
    const groups = Math.ceil(limit / 2 ** groupShift);
    const address = this.memory.reserve(8 * groups);
    this.loops.measureGroups(this.count, groupShift, address);
    const measured = this.memory.numbers(address, 2 * groups);
    return {
      groupShift,
      entries: measured.filter((_, i) => i % 2 === 0),
      bytes: measured.filter((_, i) => i % 2 === 1).map((size) => size + LOOSE),
    };
  }

  /** @returns where the entries of each group begin; the addresses behind them are at `ends` */
  #copyToGroups(
    groupShift: number,
    first: number,
    last: number,
    bytes: Uint32Array,
    room: number,
    ends: number,
  ): Uint32Array {
    const from = new Uint32Array(last - first);
    let address = room;
    for (let group = first; group < last; group++) {
      from[group - first] = address;
      address += bytes[group];
    }
    this.memory.numbers(ends, last - first).set(from);
    this.loops.copyToGroups(this.count, groupShift, first, last, ends, this.#noted);
    return from;
  }
}

interface Round {
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

/** Splits groups of so many bytes into rounds; a group is never split. */
function roundsOf(bytes: Uint32Array): Round[] {
  const all = bytes.reduce((sum, size) => sum + size, 0);
  const limit = Math.max(ROUND_BYTES, Math.ceil(all / MOST_ROUNDS));
  const rounds: Round[] = [];
  for (let first = 0; first < bytes.length; ) {
    let last = first;
    let sum = 0;
    while (last < bytes.length && (last === first || sum + bytes[last] <= limit)) sum += bytes[last++];
    rounds.push({ first, last, bytes: sum });
    first = last;
  }
  return rounds;
}
