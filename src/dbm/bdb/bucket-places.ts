import type { LinearMemory } from '../linear-memory.ts';
import type { Pairs } from '../pairs.ts';
import { PLACE, PLACE_BYTES } from '../table-groups.ts';

/** A bucket whose `count` entries have their places at `address`, in their order. */
export interface BucketPlaces {
  readonly bucket: number;
  readonly address: number;
  readonly count: number;
}

/** Bytes that are reserved at a time. */
const ROOM = 1 << 18;

/** Buckets whose places stay when the next group comes. */
export class KeptPlaces {
  readonly #memory: LinearMemory;
  readonly #buckets = new Map<number, BucketPlaces>();
  #at = 0;
  #end = 0;

  constructor(memory: LinearMemory) {
    this.#memory = memory;
  }

  /** Each bucket once. */
  get buckets(): readonly BucketPlaces[] {
    return [...this.#buckets.values()];
  }

  /** @throws MemoryFullError */
  keep({ bucket, address, count }: BucketPlaces): void {
    const bytes = PLACE_BYTES * count;
    if (this.#at + bytes > this.#end) {
      const room = Math.max(ROOM, bytes);
      this.#at = this.#memory.reserve(room);
      this.#end = this.#at + room;
    }
    this.#memory.bytes(this.#at, bytes).set(this.#memory.bytes(address, bytes));
    this.#buckets.set(bucket, { bucket, address: this.#at, count });
    this.#at += bytes;
  }

  /** Takes what another thread keeps in the same memory. */
  take(buckets: readonly BucketPlaces[]): void {
    for (const each of buckets) this.#buckets.set(each.bucket, each);
  }

  /** All of their entries, over a table's pool. */
  entries(pool: Uint8Array): Pairs {
    const places = this.buckets.map(({ address, count }) => this.#memory.numbers(address, PLACE * count));
    const count = places.reduce((sum, { length }) => sum + length / PLACE, 0);
    const column = (part: number) => {
      const numbers = new Uint32Array(count);
      let i = 0;
      for (const place of places)
        for (let at = part; at < place.length; at += PLACE) numbers[i++] = place[at] - pool.byteOffset;
      return numbers;
    };
    return {
      count,
      pool,
      keyStart: column(0),
      keyEnd: column(1),
      valueStart: column(2),
      valueEnd: column(3),
    };
  }
}
