import { isTwice } from '../is-twice.ts';
import type { OutputStream } from '../output.ts';
import { type Group, PLACE_BYTES } from '../table-groups.ts';
import type { BucketPlaces } from './bucket-places.ts';
import { WrongPageError } from './pages.ts';
import type { TableBuckets } from './table-buckets.ts';
import type { WrittenPages } from './written-pages.ts';

/** Buckets that are written, and then held against their entries: few enough that all of it is still in the processor's cache. */
const TOGETHER = 32;

/** A file in the making. */
export interface FilePlan {
  readonly path: string;
  readonly terminated: boolean;
  readonly pageSize: number;
  readonly buckets: number;
}

/** Writes the buckets that one page is enough for, and finds the others. */
export class BucketPages {
  readonly #plan: FilePlan;
  readonly #table: TableBuckets;
  readonly #written: WrittenPages;
  readonly #stream: OutputStream;
  readonly #onLarge: (bucket: BucketPlaces) => void;

  /**
   * @param stream has the first bucket's page next
   * @param onLarge hears of a bucket that needs several pages, and sees to it that the stream has the page behind its first one next
   */
  constructor(
    plan: FilePlan,
    table: TableBuckets,
    written: WrittenPages,
    stream: OutputStream,
    onLarge: (bucket: BucketPlaces) => void,
  ) {
    this.#plan = plan;
    this.#table = table;
    this.#written = written;
    this.#stream = stream;
    this.#onLarge = onLarge;
  }

  /**
   * Writes as many buckets of `group` as the stream has room for, from the one with number `done` on. Returns how many.
   *
   * @throws DbmError when a key is there twice
   */
  write(group: Group, done: number): number {
    const { memory, loops } = this.#table;
    const { path, terminated, pageSize, buckets } = this.#plan;
    const stream = this.#stream;
    const first = group.first + done;
    const starts = group.starts + 4 * done;
    const room = Math.min(stream.room(pageSize), group.buckets - done, TOGETHER);
    const nul = terminated ? 1 : 0;
    const out = stream.address;
    const count = loops.writeBuckets(first, room, starts, group.places, pageSize, nul, group.scratch, out);
    const right = loops.checkBuckets(first, count, starts, group.places, pageSize, nul, out);
    if (right < count) throw new WrongPageError(1 + first + right);
    stream.take(count * pageSize);
    if (count < room) {
      const repeated = loops.repeatedPlace() >>> 0;
      if (repeated !== 0) {
        const [start, end] = memory.numbers(repeated, 2);
        throw isTwice(path, memory.bytes(start, end - start));
      }
      this.#onLarge(this.#placesOf(group, done + count));
    }
    const next = Math.min(done + room, done + count + 1);
    // Some buckets are to be read through the file itself.
    if (first === 0) this.#written.addUnread(this.#placesOf(group, 0));
    if (group.first + next === buckets) this.#written.addUnread(this.#placesOf(group, next - 1));
    return next - done;
  }

  #placesOf({ first, starts, places }: Group, b: number): BucketPlaces {
    const [from, to] = this.#table.memory.numbers(starts + 4 * b, 2);
    return { bucket: first + b, address: places + PLACE_BYTES * from, count: to - from };
  }
}
