import type { Sizes } from '../limits.ts';
import { LinearMemory } from '../linear-memory.ts';
import type { Pairs } from '../pairs.ts';
import type { Geometry } from './geometry.ts';
import { type Loops, loopsIn } from './loops.ts';

/** Which buckets a file has: a hash whose bucket under `highMask` does not exist goes by `lowMask`. */
export interface Buckets {
  readonly maxBucket: number;
  readonly highMask: number;
  readonly lowMask: number;
}

/** Neighbouring buckets. What is at the addresses is good until the next group is asked for. */
export interface Group {
  readonly first: number;
  readonly buckets: number;
  /** Address of a number a bucket, and one: bucket `first + b` has the places from number `starts[b]` to `starts[b + 1]`. */
  readonly starts: number;
  /** Address of where each entry is: its key, the key's end, its value, the value's end, all of them addresses. */
  readonly places: number;
  /** Address of room that sorting its places takes. */
  readonly scratch: number;
}

/** Bytes of a place; numbers that it consists of. */
export const PLACE_BYTES = 16;
export const PLACE = PLACE_BYTES / 4;

/** Bytes of a group's entries: they stay in the processor's cache while its buckets are written. */
const GROUP_BYTES = 3 << 17;
/** Bytes that are copied in one round: each goes through the whole table, so a large table has fewer, larger ones. */
const ROUND_BYTES = 1 << 22;
const MOST_ROUNDS = 8;
/** What the loops may write behind the entries of a group. */
const LOOSE = 64;
/** Numbers that the loops note while they look through a table. */
const NOTED = 1025;

/** A table's entries by the buckets of a file, in the memory of the loops that write and compare them. */
export class TableBuckets {
  readonly memory: LinearMemory;
  readonly loops: Loops;
  /** One a key. */
  readonly hashes: Uint32Array;
  readonly #count: number;
  readonly #nul: number;
  /** What all groups take, about. */
  readonly #bytes: number;
  readonly #columns: readonly [keyStart: number, keyEnd: number, valueStart: number, valueEnd: number];
  /** Addresses. */
  readonly #hashes: number;
  readonly #noted: number;

  /** `terminated`: with a NUL behind each key and value. @throws MemoryFullError */
  constructor(pairs: Pairs, terminated: boolean) {
    const { count, pool } = pairs;
    this.memory = LinearMemory.of(pool) ?? new LinearMemory();
    this.loops = loopsIn(this.memory);
    this.#count = count;
    this.#nul = terminated ? 1 : 0;
    this.#bytes = pool.length + PLACE_BYTES * count;
    const base = this.memory.addressOf(pool);
    const column = (numbers: Uint32Array) => this.memory.addressOf(numbers.subarray(0, count));
    this.#columns = [
      column(pairs.keyStart),
      column(pairs.keyEnd),
      column(pairs.valueStart),
      column(pairs.valueEnd),
    ];
    this.#hashes = this.memory.reserve(4 * count);
    this.#noted = this.memory.reserve(4 * NOTED);
    this.loops.setColumns(base, ...this.#columns);
    const [keyStart, keyEnd] = this.#columns;
    this.loops.hashKeys(base, keyStart, keyEnd, count, this.#nul, this.#hashes);
    this.hashes = this.memory.numbers(this.#hashes, count);
  }

  /** As in the file, each with its NUL if it has one. */
  sizes(): Sizes & { readonly longestKey: number } {
    const [keyStart, keyEnd, valueStart, valueEnd] = this.#columns;
    const nuls = this.#nul * this.#count;
    const keys = Number(this.loops.measureItems(keyStart, keyEnd, this.#count)) + nuls;
    const longestKey = (this.loops.longestItem() >>> 0) + this.#nul;
    const values = Number(this.loops.measureItems(valueStart, valueEnd, this.#count)) + nuls;
    return { keys, values, longestKey, longestValue: (this.loops.longestItem() >>> 0) + this.#nul };
  }

  /** How many pages beyond their first a power of two of buckets need, each of them `capacity` bytes. */
  overflowPages({ buckets, pageSize }: Geometry, capacity: number): number {
    const contents = this.memory.reserve(4 * buckets);
    const mask = buckets - 1;
    this.loops.addContents(this.#hashes, ...this.#columns, this.#count, mask, pageSize, this.#nul, contents);
    return this.loops.overflowPages(contents, buckets, capacity);
  }

  /** All buckets in their order, group after group. In a bucket the table's order stays. */
  *groups(file: Buckets): Generator<Group> {
    const buckets = file.maxBucket + 1;
    const { shift, entries, bytes } = this.#measureGroups(file, buckets);
    const most = entries.reduce((longest, count) => Math.max(longest, count), 0);
    const starts = this.memory.reserve(4 * (2 ** shift + 2));
    const places = this.memory.reserve(PLACE_BYTES * most);
    const scratch = this.memory.reserve(2 * PLACE_BYTES * most + LOOSE);

    const rounds = roundsOf(bytes);
    const room = this.memory.reserve(rounds.reduce((longest, round) => Math.max(longest, round.bytes), 0));
    const ends = this.memory.reserve(4 * bytes.length);
    for (const { first, last } of rounds) {
      const from = this.#copyToGroups(shift, first, last, bytes, room, ends);
      const to = this.memory.numbers(ends, last - first);
      for (let group = first; group < last; group++) {
        const bucket = group * 2 ** shift;
        const count = Math.min(2 ** shift, buckets - bucket);
        this.loops.placeGroup(from[group - first], to[group - first], bucket, count, starts, places);
        yield { first: bucket, buckets: count, starts, places, scratch };
      }
    }
  }

  /** How many buckets make a group, as a power of two, and the entries and bytes of each. */
  #measureGroups(
    { maxBucket, highMask, lowMask }: Buckets,
    buckets: number,
  ): { shift: number; entries: Uint32Array; bytes: Uint32Array } {
    this.loops.setBuckets(maxBucket, highMask, lowMask);
    const shift = Math.max(0, Math.ceil(Math.log2((GROUP_BYTES / (this.#bytes + 1)) * buckets)));
    const groups = Math.ceil(buckets / 2 ** shift);
    const address = this.memory.reserve(8 * groups);
    this.loops.measureGroups(this.#hashes, this.#count, shift, address);
    const measured = this.memory.numbers(address, 2 * groups);
    return {
      shift,
      entries: measured.filter((_, i) => i % 2 === 0),
      bytes: measured.filter((_, i) => i % 2 === 1).map((size) => size + LOOSE),
    };
  }

  /** @returns where the entries of each group begin; the addresses behind them are at `ends` */
  #copyToGroups(
    shift: number,
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
    this.loops.copyToGroups(this.#hashes, this.#count, shift, first, last, ends, this.#noted);
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
