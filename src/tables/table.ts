import { createHash } from 'node:crypto';
import type { Pairs } from '../dbm/pairs.ts';
import { datBlocks } from './dat/write.ts';
import { sharedColumn } from './shared-memory.ts';

/** A table as plain data, and what its text comes to. */
export interface Columns extends Pairs {
  readonly digest: string;
  readonly bytes: number;
}

/** A table: entries whose keys are unique and in byte order. */
export class Table implements Pairs {
  readonly count: number;
  readonly pool: Uint8Array;
  readonly keyStart: Uint32Array;
  readonly keyEnd: Uint32Array;
  readonly valueStart: Uint32Array;
  readonly valueEnd: Uint32Array;
  #text: { readonly digest: string; readonly bytes: number } | undefined;

  private constructor(pairs: Pairs, text?: { readonly digest: string; readonly bytes: number }) {
    this.count = pairs.count;
    this.pool = pairs.pool;
    this.keyStart = pairs.keyStart;
    this.keyEnd = pairs.keyEnd;
    this.valueStart = pairs.valueStart;
    this.valueEnd = pairs.valueEnd;
    this.#text = text;
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

  /** The table that `columns` came from. */
  static of(columns: Columns): Table {
    return new Table(columns, columns);
  }

  columns(): Columns {
    const { count, pool, keyStart, keyEnd, valueStart, valueEnd, digest, bytes } = this;
    return { count, pool, keyStart, keyEnd, valueStart, valueEnd, digest, bytes };
  }

  /** SHA-256, in hexadecimal, of the canonical text: equal for equal entries, and for no others. */
  get digest(): string {
    return this.#measured().digest;
  }

  /** Length of the canonical text. */
  get bytes(): number {
    return this.#measured().bytes;
  }

  /** The canonical text, as its `.dat` has it, in blocks; each is good only until the next is asked for. */
  text(): Generator<Uint8Array> {
    return datBlocks(this);
  }

  #measured(): { readonly digest: string; readonly bytes: number } {
    this.#text ??= measure(this.text());
    return this.#text;
  }
}

function gathered(column: Uint32Array, order: Uint32Array): Uint32Array {
  const target = sharedColumn(order.length);
  for (let i = 0; i < order.length; i++) target[i] = column[order[i]];
  return target;
}

function measure(text: Iterable<Uint8Array>): { readonly digest: string; readonly bytes: number } {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const block of text) {
    hash.update(block);
    bytes += block.length;
  }
  return { digest: hash.digest('hex'), bytes };
}
