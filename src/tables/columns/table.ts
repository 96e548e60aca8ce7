import { createHash } from 'node:crypto';
import type { Pairs } from '../../dbm/pairs.ts';
import { datBlocks } from '../dat/write.ts';
import { gathered } from './gather.ts';

/** What a table's canonical text comes to. */
export interface Measure {
  /** SHA-256, in hexadecimal: equal for equal entries, and for no others. */
  readonly digest: string;
  readonly bytes: number;
}

/** A table as plain data. */
export interface Columns extends Pairs {
  /** Undefined for a table that nobody has measured yet. */
  readonly measure: Measure | undefined;
}

/** What is known of a table before its entries are. */
export interface Known {
  readonly count: number;
  /** Length of the canonical text. */
  readonly bytes: number;
  /** SHA-256 of it, where that is known too. */
  readonly digest?: string | undefined;
}

/** A table: entries whose keys are unique and in byte order. */
export class Table implements Pairs {
  readonly count: number;
  readonly #bytes: number | undefined;
  #load: (() => Pairs) | undefined;
  #mergedFrom: (() => Iterable<Pairs>) | undefined;
  #pairs: Pairs | undefined;
  #measure: Measure | undefined;

  private constructor(known: { count: number; bytes?: number }, pairs?: Pairs, measure?: Measure) {
    this.count = known.count;
    this.#bytes = known.bytes;
    this.#pairs = pairs;
    this.#measure = measure;
  }

  /** @param order numbers of those entries of `pairs` that make the table, in the order of their keys */
  static from(pairs: Pairs, order: Uint32Array): Table {
    const { pool } = pairs;
    const columns = [pairs.keyStart, pairs.keyEnd, pairs.valueStart, pairs.valueEnd];
    const [keyStart, keyEnd, valueStart, valueEnd] = gathered(pool, columns, order);
    return Table.whole({ count: order.length, pool, keyStart, keyEnd, valueStart, valueEnd });
  }

  /** A table of all `pairs`, which are in the order of their keys, each key once. */
  static whole(pairs: Pairs): Table {
    return new Table({ count: pairs.count }, pairs);
  }

  /**
   * A table whose entries nobody may ask for.
   *
   * @param load gives the entries in the order of their keys, each key once; called when somebody does. What it throws, they meet
   * @param mergedFrom gives entries that have the same keys together, some perhaps more than once
   */
  static later(
    { count, bytes, digest }: Known,
    load: () => Pairs,
    mergedFrom?: () => Iterable<Pairs>,
  ): Table {
    const table = new Table(
      { count, bytes },
      undefined,
      digest === undefined ? undefined : { digest, bytes },
    );
    table.#load = load;
    table.#mergedFrom = mergedFrom;
    return table;
  }

  /** The table that `columns` came from. */
  static of(columns: Columns): Table {
    return new Table({ count: columns.count }, columns, columns.measure);
  }

  get pool(): Uint8Array {
    return this.#loaded().pool;
  }

  get keyStart(): Uint32Array {
    return this.#loaded().keyStart;
  }

  get keyEnd(): Uint32Array {
    return this.#loaded().keyEnd;
  }

  get valueStart(): Uint32Array {
    return this.#loaded().valueStart;
  }

  get valueEnd(): Uint32Array {
    return this.#loaded().valueEnd;
  }

  /** Entries that have all keys of the table, some perhaps more than once: had for less than the table where nobody has asked for that. */
  keys(): Iterable<Pairs> {
    return (this.#pairs === undefined ? this.#mergedFrom?.() : undefined) ?? [this];
  }

  columns(): Columns {
    const { count } = this;
    const { pool, keyStart, keyEnd, valueStart, valueEnd } = this.#loaded();
    return { count, pool, keyStart, keyEnd, valueStart, valueEnd, measure: this.#measure };
  }

  /** SHA-256, in hexadecimal, of the canonical text: equal for equal entries, and for no others. */
  get digest(): string {
    return this.measure().digest;
  }

  /** Length of the canonical text. */
  get bytes(): number {
    return this.#measure?.bytes ?? this.#bytes ?? this.measure().bytes;
  }

  /** Goes through the whole text, unless that was done before. */
  measure(): Measure {
    if (this.#measure === undefined) for (const _ of this.text());
    if (this.#measure === undefined) throw new Error('the text has no end');
    return this.#measure;
  }

  /** Takes over what another thread has measured of the very same table. */
  learn(measure: Measure): void {
    this.#measure ??= measure;
  }

  /**
   * The canonical text, as its `.dat` has it, in blocks; each is good only until the next is asked for. Whoever takes all
   * of them has the table measured by the way.
   */
  *text(): Generator<Uint8Array> {
    const pairs = this.columns();
    if (this.#measure !== undefined) {
      yield* datBlocks(pairs);
      return;
    }
    const hash = createHash('sha256');
    let bytes = 0;
    for (const block of datBlocks(pairs)) {
      hash.update(block);
      bytes += block.length;
      yield block;
    }
    this.#measure = { digest: hash.digest('hex'), bytes };
  }

  #loaded(): Pairs {
    if (this.#pairs !== undefined) return this.#pairs;
    const pairs = this.#load?.();
    if (pairs?.count !== this.count) throw new Error(`${pairs?.count} entries instead of ${this.count}`);
    this.#pairs = pairs;
    this.#load = undefined;
    return pairs;
  }
}
