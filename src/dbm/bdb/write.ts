import { DirectOutput } from '../direct-output.ts';
import type { WriteOptions } from '../format.ts';
import { measure } from '../limits.ts';
import { createFile, type Output, OutputStream } from '../output.ts';
import type { Pairs } from '../pairs.ts';
import { beside, type SecondThread } from '../second-thread/second-thread.ts';
import { FIRST_HALF, SECOND_HALF, type Share, WHOLE } from '../table-groups.ts';
import { withRoom } from '../with-room.ts';
import { BucketPages, type FilePlan } from './bucket-pages.ts';
import type { BucketPlaces } from './bucket-places.ts';
import { fileIdOf } from './file-id.ts';
import { chooseGeometry, type Geometry } from './geometry.ts';
import { limits } from './limits.ts';
import { writeMeta } from './meta.ts';
import { PageWriter } from './pages.ts';
import { TableBuckets } from './table-buckets.ts';
import { WrittenPages } from './written-pages.ts';

/** `Format.write` for Berkeley DB hash files, version 9, little-endian. */
export async function writeBdb(path: string, pairs: Pairs, options: WriteOptions = {}): Promise<void> {
  const terminated = options.terminated ?? true;
  const table = withRoom(path, () => new TableBuckets(pairs, terminated));
  await hashKeys(path, table, terminated, options.second);
  const geometry = withRoom(path, () => geometryOf(path, table, terminated));
  const writer = new Writer({ path, terminated, ...geometry }, table, options);
  await createFile(
    path,
    (output) => writer.fill(output),
    () => writer.check(),
    (bytes) => table.room(bytes),
  );
}

async function hashKeys(
  path: string,
  table: TableBuckets,
  terminated: boolean,
  second: SecondThread | undefined,
): Promise<void> {
  if (second?.isReady !== true) return table.hashKeys(WHOLE);
  const { pairs, numbers } = table;
  const half = second.hash(path, { kind: 'hash', pairs, terminated, numbers, share: SECOND_HALF });
  await beside(half, () => table.hashKeys(FIRST_HALF));
}

function geometryOf(path: string, table: TableBuckets, terminated: boolean): Geometry {
  const sizes = table.sizes();
  if (sizes.longestKey > limits.key || sizes.longestValue > limits.value)
    measure(path, table.pairs, terminated, limits);
  return chooseGeometry(table.pairs, table, sizes, terminated);
}

class Writer {
  readonly #plan: FilePlan;
  readonly #table: TableBuckets;
  readonly #written: WrittenPages;
  readonly #readBack: boolean;
  readonly #second: SecondThread | undefined;

  constructor(plan: FilePlan, table: TableBuckets, { readBack, second }: WriteOptions) {
    this.#plan = plan;
    this.#table = table;
    this.#written = new WrittenPages(plan.path, table, plan.pageSize);
    this.#readBack = readBack === true;
    this.#second = second?.isReady === true ? second : undefined;
  }

  /** The meta page comes last: a file that was left half-written is none. */
  async fill(output: Output): Promise<void> {
    const { terminated, pageSize, buckets } = this.#plan;
    const mask = buckets - 1;
    this.#table.assign({ maxBucket: mask, highMask: mask, lowMask: mask >>> 1 });
    const overflow = output.stream(pageSize * (buckets + 1), this.#flushed);
    const pages = new PageWriter(this.#table, terminated, pageSize, overflow, buckets + 1);
    if (this.#second === undefined) await this.#writeShare(output, pages, WHOLE);
    else await this.#writeHalves(output, pages, this.#second);
    overflow.end();
    await output.settle();

    const meta = output.stream(0, this.#flushed);
    const at = meta.take(pageSize);
    meta.piece.bytes.fill(0, at, at + pageSize);
    const entries = this.#table.pairs.count;
    const fileId = fileIdOf({ pageSize, entries, pages: pages.pageCount }, this.#written.checksum);
    writeMeta(meta.piece.view, at, { pageSize, buckets, lastPage: pages.pageCount - 1, entries, fileId });
    meta.end();
  }

  /** Reads the file back where that is asked for. @throws DbmError */
  check(): void {
    if (this.#readBack) this.#written.readBack(this.#plan.terminated);
  }

  /** Large buckets of the second half come last: only then it is known which numbers their further pages have. */
  async #writeHalves(output: Output, pages: PageWriter, second: SecondThread): Promise<void> {
    const { pairs, numbers } = this.#table;
    const half = second.share(this.#plan.path, {
      ...this.#plan,
      kind: 'share',
      descriptor: output.descriptor,
      pairs,
      numbers,
      share: SECOND_HALF,
      readBack: this.#readBack,
    });
    const { written, large } = await beside(half, async () => {
      await this.#writeShare(output, pages, FIRST_HALF);
      await output.settle();
      if (this.#readBack) this.#written.compare();
    });
    this.#written.take(written);
    const direct = new DirectOutput(output.descriptor, (bytes) => this.#table.room(bytes));
    const firsts = new OutputStream(direct, 0, this.#flushed);
    for (const places of large) {
      firsts.goTo(this.#plan.pageSize * (places.bucket + 1));
      this.#table.loops.fetchEntries(places.address, places.count);
      this.#writeLarge(places, pages, firsts);
      if (output.full) await output.room();
    }
    firsts.end();
  }

  async #writeShare(output: Output, pages: PageWriter, share: Share): Promise<void> {
    const { pageSize, buckets } = this.#plan;
    const firsts = output.stream(pageSize, this.#flushed);
    const onLarge = (places: BucketPlaces) => this.#writeLarge(places, pages, firsts);
    const own = new BucketPages(this.#plan, this.#table, this.#written, firsts, onLarge);
    for (const group of this.#table.groups(buckets, share)) {
      for (let done = 0; done < group.buckets; ) {
        done += own.write(group, done);
        if (output.full) await output.room();
      }
    }
    firsts.end();
  }

  #writeLarge(places: BucketPlaces, pages: PageWriter, firsts: OutputStream): void {
    if (pages.write(places.address, places.count, places.bucket + 1, firsts)) this.#written.addUnread(places);
  }

  readonly #flushed = (bytes: Uint8Array, position: number): void => this.#written.note(bytes, position);
}
