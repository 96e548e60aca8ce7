import { createHash } from 'node:crypto';
import type { Pairs } from '../../dbm/pairs.ts';
import { datBlocks } from '../dat/write.ts';
import { sharedColumn } from './shared-memory.ts';

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

/** A table: entries whose keys are unique and in byte order. */
export class Table implements Pairs {
  readonly count: number;
  readonly pool: Uint8Array;
  readonly keyStart: Uint32Array;
  readonly keyEnd: Uint32Array;
  readonly valueStart: Uint32Array;
  readonly valueEnd: Uint32Array;
  #measure: Measure | undefined;

  private constructor(pairs: Pairs, measure?: Measure) {
    this.count = pairs.count;
    this.pool = pairs.pool;
    this.keyStart = pairs.keyStart;
    this.keyEnd = pairs.keyEnd;
    this.valueStart = pairs.valueStart;
    this.valueEnd = pairs.valueEnd;
    this.#measure = measure;
  }

  /** @param order numbers of those entries of `pairs` that make the table, in the order of their keys */
  static from(pairs: Pairs, order: Uint32Array): Table {
    return new Table({
      count: order.length,
      pool: pairs.pool,
      keyStart: gathered(pairs.keyStart, order),
      keyEnd: gathered(pairs.keyEnd, order),
      valueStart: gathered(pairs.valueStart, order),
      valueEnd: gathered(pairs.valueEnd, order),
    });
  }

  /** A table of all `pairs`, which are in the order of their keys, each key once. */
  static whole(pairs: Pairs): Table {
    return new Table(pairs);
  }

  /** The table that `columns` came from. */
  static of(columns: Columns): Table {
    return new Table(columns, columns.measure);
  }

  columns(): Columns {
    const { count, pool, keyStart, keyEnd, valueStart, valueEnd } = this;
    return { count, pool, keyStart, keyEnd, valueStart, valueEnd, measure: this.#measure };
  }

  /** SHA-256, in hexadecimal, of the canonical text: equal for equal entries, and for no others. */
  get digest(): string {
    return this.measure().digest;
  }

  /** Length of the canonical text. */
  get bytes(): number {
    return this.measure().bytes;
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
    if (this.#measure !== undefined) {
      yield* datBlocks(this);
      return;
    }
    const hash = createHash('sha256');
    let bytes = 0;
    for (const block of datBlocks(this)) {
      hash.update(block);
      bytes += block.length;
      yield block;
    }
    this.#measure = { digest: hash.digest('hex'), bytes };
  }
}

function gathered(column: Uint32Array, order: Uint32Array): Uint32Array {
  const target = sharedColumn(order.length);
  for (let i = 0; i < order.length; i++) target[i] = column[order[i]];
  return target;
}
