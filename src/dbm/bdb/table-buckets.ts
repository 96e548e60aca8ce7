import type { Sizes } from '../limits.ts';
import type { LinearMemory } from '../linear-memory.ts';
import type { Pairs } from '../pairs.ts';
import { inLoopStretches } from '../stretches.ts';
import { type Group, TableGroups } from '../table-groups.ts';
import type { Geometry } from './geometry.ts';
import { type Loops, loopsIn } from './loops.ts';

/** Which buckets a file has: a hash whose bucket under `highMask` does not exist goes by `lowMask`. */
export interface Buckets {
  readonly maxBucket: number;
  readonly highMask: number;
  readonly lowMask: number;
}

/** A table's entries by the buckets of a file, in the memory of the loops that write and compare them. */
export class TableBuckets {
  readonly memory: LinearMemory;
  readonly loops: Loops;
  /** The table, with a pool that is in the memory. */
  readonly #pairs: Pairs;
  readonly #table: TableGroups<Loops>;
  readonly #nul: number;
  /** Address of a number a key: its hash, until `groups` makes a bucket of it. */
  readonly #numbers: number;

  /** `terminated`: with a NUL behind each key and value. @throws MemoryFullError */
  constructor(pairs: Pairs, terminated: boolean) {
    this.#table = new TableGroups(pairs, loopsIn);
    this.#nul = terminated ? 1 : 0;
    const { memory, loops, base, columns, count } = this.#table;
    this.memory = memory;
    this.loops = loops;
    this.#pairs = { ...columnsOf(pairs), count, pool: memory.bytes(base, pairs.pool.length) };
    this.#numbers = memory.reserve(4 * count);
    const [keyStart, keyEnd] = columns;
    inLoopStretches(count, (from, to) => {
      const at = 4 * from;
      loops.hashKeys(base, keyStart + at, keyEnd + at, to - from, this.#nul, this.#numbers + at);
    });
  }

  /** As in the file, each with its NUL if it has one. */
  sizes(): Sizes & { readonly longestKey: number } {
    return this.#table.sizes(this.#nul);
  }

  /** How many pages beyond their first a power of two of buckets need, each of them `capacity` bytes. Before `groups`. */
  overflowPages({ buckets, pageSize }: Geometry, capacity: number): number {
    const { columns, count } = this.#table;
    const contents = this.memory.reserve(4 * buckets);
    const mask = buckets - 1;
    const [keyStart, keyEnd, valueStart, valueEnd] = columns;
    inLoopStretches(count, (from, to) => {
      const at = 4 * from;
      this.loops.addContents(
        this.#numbers + at,
        keyStart + at,
        keyEnd + at,
        valueStart + at,
        valueEnd + at,
        to - from,
        mask,
        pageSize,
        this.#nul,
        contents,
      );
    });
    return this.loops.overflowPages(contents, buckets, capacity);
  }

  /** The entries of some of `buckets` buckets. After `groups`. @throws MemoryFullError */
  entriesIn(wanted: Iterable<number>, buckets: number): Pairs {
    const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = this.#pairs;
    const flags = this.memory.reserve(buckets);
    const isWanted = this.memory.bytes(flags, buckets);
    for (const bucket of wanted) isWanted[bucket] = 1;
    const found = this.memory.reserve(4 * (count + 1));
    let foundCount = 0;
    inLoopStretches(count, (from, to) => {
      foundCount += this.loops.entriesIn(this.#numbers, from, to, flags, found + 4 * foundCount);
    });
    const entries = this.memory.numbers(found, foundCount);
    const chosen = (column: Uint32Array) => Uint32Array.from(entries, (entry) => column[entry]);
    return {
      count: foundCount,
      pool,
      keyStart: chosen(keyStart),
      keyEnd: chosen(keyEnd),
      valueStart: chosen(valueStart),
      valueEnd: chosen(valueEnd),
    };
  }

  /** All buckets in their order, group after group. In a bucket the table's order stays. */
  groups({ maxBucket, highMask, lowMask }: Buckets): Iterable<Group> {
    const numbers = this.#numbers;
    inLoopStretches(this.#table.count, (from, to) => {
      this.loops.makeBuckets(numbers + 4 * from, to - from, maxBucket, highMask, lowMask);
    });
    return this.#table.groups(numbers, numbers, maxBucket + 1, 0);
  }
}

function columnsOf({ keyStart, keyEnd, valueStart, valueEnd }: Pairs): Omit<Pairs, 'count' | 'pool'> {
  return { keyStart, keyEnd, valueStart, valueEnd };
}
