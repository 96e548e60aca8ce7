import type { WriteOptions } from '../format.ts';
import { isTwice } from '../is-twice.ts';
import { measure } from '../limits.ts';
import { createFile, type Output, type OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { type Group, PLACE_BYTES } from '../table-groups.ts';
import { withRoom } from '../with-room.ts';
import { fileIdOf } from './file-id.ts';
import { chooseGeometry, type Geometry } from './geometry.ts';
import { limits } from './limits.ts';
import { writeMeta } from './meta.ts';
import { PageWriter, WrongPageError } from './pages.ts';
import { TableBuckets } from './table-buckets.ts';
import { WrittenPages } from './written-pages.ts';

/** `Format.write` for Berkeley DB hash files, version 9, little-endian. */
export async function writeBdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  const { table, geometry } = plan(path, pairs, terminated);
  const written = new WrittenPages(path, table, geometry.pageSize);
  const writer = new Writer(path, pairs, terminated, table, geometry, written);
  await createFile(
    path,
    (output) => writer.fill(output),
    () => {
      if (options.readBack === true) written.readBack(terminated);
    },
    (bytes) => table.memory.bytes(table.memory.reserve(bytes), bytes),
  );
}

function plan(path: string, pairs: Pairs, terminated: boolean): { table: TableBuckets; geometry: Geometry } {
  return withRoom(path, () => {
    const table = new TableBuckets(pairs, terminated);
    const sizes = table.sizes();
    if (sizes.longestKey > limits.key || sizes.longestValue > limits.value)
      measure(path, pairs, terminated, limits);
    return { table, geometry: chooseGeometry(pairs, table, sizes, terminated) };
  });
}

/** Buckets that are written, and then held against their entries: few enough that all of it is still in the processor's cache. */
const TOGETHER = 8;

class Writer {
  readonly #path: string;
  readonly #pairs: Pairs;
  readonly #terminated: boolean;
  readonly #table: TableBuckets;
  readonly #geometry: Geometry;
  readonly #written: WrittenPages;

  constructor(
    path: string,
    pairs: Pairs,
    terminated: boolean,
    table: TableBuckets,
    geometry: Geometry,
    written: WrittenPages,
  ) {
    this.#path = path;
    this.#pairs = pairs;
    this.#terminated = terminated;
    this.#table = table;
    this.#geometry = geometry;
    this.#written = written;
  }

  /** The meta page comes last: a file that was left half-written is none. */
  async fill(output: Output): Promise<void> {
    const { pageSize, buckets } = this.#geometry;
    const flushed = (bytes: Uint8Array, position: number) => this.#written.note(bytes, position);
    const firsts = output.stream(pageSize, flushed);
    const overflow = output.stream(pageSize * (buckets + 1), flushed);
    const pages = new PageWriter(this.#table, this.#terminated, pageSize, firsts, overflow, buckets + 1);
    const mask = buckets - 1;
    for (const group of this.#table.groups({ maxBucket: mask, highMask: mask, lowMask: mask >>> 1 })) {
      for (let done = 0; done < group.buckets; ) {
        done += this.#writeBuckets(group, done, firsts, pages);
        if (output.full) await output.room();
      }
    }

    firsts.end();
    overflow.end();
    await output.settle();
    const meta = output.stream(0, flushed);
    const at = meta.take(pageSize);
    meta.piece.bytes.fill(0, at, at + pageSize);
    writeMeta(meta.piece.view, at, {
      pageSize,
      buckets,
      lastPage: pages.pageCount - 1,
      entries: this.#pairs.count,
      fileId: fileIdOf(
        { pageSize, entries: this.#pairs.count, pages: pages.pageCount },
        this.#written.checksum,
      ),
    });
    meta.end();
  }

  /** Writes as many buckets of `group` as the stream has room for, from the one with number `done` on. Returns how many. */
  #writeBuckets(group: Group, done: number, stream: OutputStream, pages: PageWriter): number {
    const { memory, loops } = this.#table;
    const { pageSize } = this.#geometry;
    const nul = this.#terminated ? 1 : 0;
    const first = group.first + done;
    const starts = group.starts + 4 * done;
    const room = Math.min(stream.room(pageSize), group.buckets - done, TOGETHER);
    const out = stream.address;
    const count = loops.writeBuckets(first, room, starts, group.places, pageSize, nul, group.scratch, out);
    const right = loops.checkBuckets(first, count, starts, group.places, pageSize, nul, out);
    if (right < count) throw new WrongPageError(1 + first + right);
    stream.take(count * pageSize);
    if (count === room) return count;

    const repeated = loops.repeatedPlace() >>> 0;
    if (repeated !== 0) {
      const [start, end] = memory.numbers(repeated, 2);
      throw isTwice(this.#path, memory.bytes(start, end - start));
    }
    const [from, to] = memory.numbers(starts + 4 * count, 2);
    const hasLongItems = pages.write(group.places + PLACE_BYTES * from, to - from, first + count + 1);
    if (hasLongItems) this.#written.addUnread(first + count);
    return count + 1;
  }
}
