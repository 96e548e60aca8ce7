import { copyLoosely, sameBytes, viewOf } from '../../dbm/bytes.ts';
import type { Pairs } from '../../dbm/pairs.ts';
import { RUN_LENGTH, type Run, type RunSorting } from './runs.ts';
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

  constructor() {
    super('a table holds at most 4 GiB of keys and values');
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
    if (i === this.#keyStart.length) this.#growColumns();
    const keyLength = keyEnd - keyStart;
    const valueLength = valueEnd - valueStart;
    const needed = this.#used + keyLength + valueLength + SLACK;
    if (needed > this.#pool.length) this.#growPool(needed);

    this.#keyStart[i] = this.#used;
    this.#append(keyBytes, keyStart, keyEnd);
    this.#keyEnd[i] = this.#used;
    if (i > 0 && this.#isLastValue(valueBytes, valueStart, valueLength)) {
      this.#valueStart[i] = this.#valueStart[i - 1];
      this.#valueEnd[i] = this.#valueEnd[i - 1];
    } else {
      this.#valueStart[i] = this.#used;
      this.#append(valueBytes, valueStart, valueEnd);
      this.#valueEnd[i] = this.#used;
    }
    this.#count = i + 1;
    if (i + 1 === this.#runEnd) this.#sortRun();
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

  /** The first entries in runs, as many as were sorted by the way. */
  async runs(): Promise<readonly Run[]> {
    try {
      return await Promise.all(this.#runs);
    } catch {
      return []; // Who needs them sorts them, and meets what is wrong again.
    }
  }

  #sortRun(): void {
    const run = this.#sorting?.sortRun(this.finish(), this.#runEnd - RUN_LENGTH, this.#runEnd);
    if (run === undefined) {
      this.#runEnd = 0;
      return;
    }
    run.catch(() => undefined);
    this.#runs.push(run);
    this.#runEnd += RUN_LENGTH;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const view = this.#viewOf(bytes);
    this.#used = copyLoosely(bytes, view, start, end, this.#pool, this.#poolView, this.#used);
  }

  #isLastValue(bytes: Uint8Array, start: number, length: number): boolean {
    const last = this.#valueStart[this.#count - 1];
    if (this.#valueEnd[this.#count - 1] - last !== length) return false;
    return sameBytes(this.#poolView, last, this.#viewOf(bytes), start, length);
  }

  /** A source gives its entries from the same few buffers again and again. */
  #viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#sourceView = viewOf(bytes);
    }
    return this.#sourceView;
  }

  #growColumns(): void {
    this.#moveColumns(Math.max(1024, this.#keyStart.length * 2));
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
    this.#moveColumns(this.#keyStart.length);
  }
}
