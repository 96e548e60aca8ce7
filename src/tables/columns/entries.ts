import { copyLoosely, sameBytes, viewOf } from '../../dbm/bytes.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { placeForRun, RUN_LENGTH, type Run, type RunPlace, type RunSorting } from './runs.ts';
import { columnBeside, poolBytes } from './shared-memory.ts';

/** The largest pool: offsets are 32 bits, and Node's buffers end at 4 GiB. */
const MAX_POOL = 2 ** 32 - 1;

/**
 * Room for a large table from the start: the operating system gives memory only where it is touched, while growing copies
 * all that is there.
 */
const EXPECTED_ENTRIES = 1 << 20;

/** What `copyLoosely` may write beyond the end. */
const SLACK = 3;

/** More bytes than a table's columns can address. */
export class TableTooLargeError extends Error {
  override readonly name = 'TableTooLargeError';

  constructor(message = 'a table holds at most 4 GiB of keys and values; divide it into several') {
    super(message);
  }
}

/** Grows columns entry by entry. Keys and values are copied; a value equal to the one before is stored once. */
export class EntriesBuilder {
  #count = 0;
  #used = 0;
  #pool: Uint8Array;
  #keyStart: Uint32Array;
  #keyEnd: Uint32Array;
  #valueStart: Uint32Array;
  #valueEnd: Uint32Array;

  #poolView: DataView;
  #source: Uint8Array = new Uint8Array(0);
  #sourceView = viewOf(this.#source);
  readonly #sorting: RunSorting | undefined;
  readonly #runs: Promise<Run>[] = [];
  /** Of the last run. */
  #place: RunPlace | undefined;
  /** How many entries there have to be for the next run to be sorted; 0 for never. */
  #runEnd: number;

  /** @param sorting sorts entries while others are still being added */
  constructor(
    expectedEntries = EXPECTED_ENTRIES,
    expectedBytes = expectedEntries * 48,
    sorting?: RunSorting,
  ) {
    this.#sorting = sorting;
    this.#runEnd = sorting === undefined ? 0 : RUN_LENGTH;
    this.#pool = poolBytes(expectedBytes);
    this.#poolView = viewOf(this.#pool);
    this.#keyStart = columnBeside(this.#pool, expectedEntries);
    this.#keyEnd = columnBeside(this.#pool, expectedEntries);
    this.#valueStart = columnBeside(this.#pool, expectedEntries);
    this.#valueEnd = columnBeside(this.#pool, expectedEntries);
  }

  get count(): number {
    return this.#count;
  }

  /** @throws TableTooLargeError */
  add(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const i = this.#count;
    this.#reserve(1, keyEnd - keyStart + valueEnd - valueStart);
    this.#keyStart[i] = this.#used;
    this.#append(keyBytes, keyStart, keyEnd);
    this.#keyEnd[i] = this.#used;
    const value = this.#appendValue(valueBytes, valueStart, valueEnd);
    this.#valueStart[i] = value;
    this.#valueEnd[i] = value + valueEnd - valueStart;
    this.#count = i + 1;
    if (this.#count === this.#runEnd) this.#sortRun();
  }

  /**
   * Adds all entries of another pool, whose places count from the beginning of all bytes that were added here.
   *
   * @throws TableTooLargeError
   */
  addAll({ count, pool, keyStart, keyEnd, valueStart, valueEnd }: Pairs): void {
    const first = this.#count;
    this.#reserve(count, pool.length);
    this.#pool.set(pool, this.#used);
    this.#keyStart.set(keyStart, first);
    this.#keyEnd.set(keyEnd, first);
    this.#valueStart.set(valueStart, first);
    this.#valueEnd.set(valueEnd, first);
    this.#used += pool.length;
    this.#count = first + count;
    while (this.#count >= this.#runEnd && this.#runEnd > 0) this.#sortRun();
  }

  /** The columns so far; the builder must not be used afterwards. */
  finish(): Pairs {
    return {
      count: this.#count,
      pool: this.#pool.subarray(0, this.#used),
      keyStart: this.#keyStart,
      keyEnd: this.#keyEnd,
      valueStart: this.#valueStart,
      valueEnd: this.#valueEnd,
    };
  }

  /** A further column, where the others are. */
  column(length: number): Uint32Array {
    return columnBeside(this.#pool, length);
  }

  /** The first entries in runs, as many as were sorted by the way. */
  async runs(): Promise<readonly Run[]> {
    try {
      return await Promise.all(this.#runs);
    } catch {
      return []; // Who needs them sorts them, and meets what is wrong again.
    }
  }

  #sortRun(): void {
    const end = this.#runEnd;
    const place = placeForRun(this.#pool, this.#place);
    const sorted = this.#sorting?.sortRun(this.finish(), end - RUN_LENGTH, end, place);
    if (sorted === undefined) {
      this.#runEnd = 0;
      return;
    }
    const { order, words } = place;
    const run = sorted.then(({ repeats, depth }) => ({ order, repeats, words: { numbers: words, depth } }));
    run.catch(() => undefined);
    this.#place = place;
    this.#runs.push(run);
    this.#runEnd += RUN_LENGTH;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const view = this.#viewOf(bytes);
    this.#used = copyLoosely(bytes, view, start, end, this.#pool, this.#poolView, this.#used);
  }

  /** @returns where the value is: that of the entry before, if it is the same */
  #appendValue(bytes: Uint8Array, start: number, end: number): number {
    if (this.#count > 0) {
      const last = this.#valueStart[this.#count - 1];
      const isAsLong = this.#valueEnd[this.#count - 1] - last === end - start;
      if (isAsLong && sameBytes(this.#poolView, last, this.#viewOf(bytes), start, end - start)) return last;
    }
    const at = this.#used;
    this.#append(bytes, start, end);
    return at;
  }

  /** Makes room for so many entries, and bytes of keys and values. */
  #reserve(entries: number, bytes: number): void {
    if (this.#count + entries > this.#keyStart.length) this.#growColumns(this.#count + entries);
    const needed = this.#used + bytes + SLACK;
    if (needed > this.#pool.length) this.#growPool(needed);
  }

  /** A source gives its entries from the same few buffers again and again. */
  #viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#sourceView = viewOf(bytes);
    }
    return this.#sourceView;
  }

  #growColumns(needed: number): void {
    this.#moveColumns(Math.max(1024, needed, this.#keyStart.length * 2));
  }

  /** Columns of so many numbers, beside the pool. */
  #moveColumns(size: number): void {
    this.#keyStart = this.#moved(this.#keyStart, size);
    this.#keyEnd = this.#moved(this.#keyEnd, size);
    this.#valueStart = this.#moved(this.#valueStart, size);
    this.#valueEnd = this.#moved(this.#valueEnd, size);
  }

  #moved(column: Uint32Array, size: number): Uint32Array {
    const target = columnBeside(this.#pool, size);
    target.set(column.subarray(0, this.#count));
    return target;
  }

  #growPool(needed: number): void {
    if (needed > MAX_POOL) throw new TableTooLargeError();
    const pool = poolBytes(Math.min(MAX_POOL, Math.max(needed, this.#pool.length * 2)));
    this.#poolView = viewOf(pool);
    pool.set(this.#pool.subarray(0, this.#used));
    this.#pool = pool;
    this.#place = undefined;
    this.#moveColumns(this.#keyStart.length);
  }
}
