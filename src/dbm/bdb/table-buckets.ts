import type { Sizes } from '../limits.ts';
import type { LinearMemory } from '../linear-memory.ts';
import type { Pairs } from '../pairs.ts';
import { inLoopStretches } from '../stretches.ts';
import { type Group, type Share, TableGroups, WHOLE } from '../table-groups.ts';
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
  /** The table, where it is in the memory. */
  readonly pairs: Pairs;
  /** Address of a number a key: its hash, until `assign` makes a bucket of it. */
  readonly numbers: number;
  readonly #table: TableGroups<Loops>;
  readonly #nul: 0 | 1;

  /**
   * `terminated`: with a NUL behind each key and value.
   *
   * @param numbers where there are those of another thread, which works on the same table
   * @throws MemoryFullError
   */
  constructor(pairs: Pairs, terminated: boolean, numbers?: number) {
    this.#table = new TableGroups(pairs, loopsIn);
    this.#nul = terminated ? 1 : 0;
    const { memory, loops, count } = this.#table;
    this.memory = memory;
    this.loops = loops;
    this.pairs = this.#table.pairs;
    this.numbers = numbers ?? memory.reserve(4 * count);
  }

  /** Bytes in the memory. @throws MemoryFullError */
  room(bytes: number): Uint8Array {
    return this.memory.bytes(this.memory.reserve(bytes), bytes);
  }

  /** Hashes the keys of a share of the entries; of all of them, before anything else. */
  hashKeys({ number, of }: Share = WHOLE): void {
    const { base, columns, count } = this.#table;
    const [keyStart, keyEnd] = columns;
    const first = Math.floor((count * number) / of);
    inLoopStretches(Math.floor((count * (number + 1)) / of) - first, (from, to) => {
      const at = 4 * (first + from);
      this.loops.hashKeys(base, keyStart + at, keyEnd + at, to - from, this.#nul, this.numbers + at);
    });
  }

  /** As in the file, each with its NUL if it has one. */
  sizes(): Sizes & { readonly longestKey: number } {
    return this.#table.sizes(this.#nul);
  }

  /** How many pages beyond their first a power of two of buckets need, each of them `capacity` bytes. Before `assign`. */
  overflowPages({ buckets, pageSize }: Geometry, capacity: number): number {
    const { columns, count } = this.#table;
    const contents = this.memory.reserve(4 * buckets);
    const mask = buckets - 1;
    const [keyStart, keyEnd, valueStart, valueEnd] = columns;
    inLoopStretches(count, (from, to) => {
      const at = 4 * from;
      this.loops.addContents(
        this.numbers + at,
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

  /** Makes a bucket's number of each hash, once. */
  assign({ maxBucket, highMask, lowMask }: Buckets): void {
    inLoopStretches(this.#table.count, (from, to) => {
      this.loops.makeBuckets(this.numbers + 4 * from, to - from, maxBucket, highMask, lowMask);
    });
  }

  /** So many buckets in their order, or a share of them, group after group, once they are assigned. In a bucket the table's order stays. */
  groups(buckets: number, share = WHOLE): Iterable<Group> {
    return this.#table.groups(this.numbers, this.numbers, buckets, 0, share);
  }
}
