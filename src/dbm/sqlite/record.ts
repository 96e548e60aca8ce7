import { copyLoosely, viewOf } from '../bytes.ts';
import type { Pairs } from '../pairs.ts';
import { BLOB, localSize, PAGE_NUMBER_SIZE, TEXT } from './layout.ts';
import type { ColumnTypes } from './schema.ts';
import { varintSize, writeVarint } from './varint.ts';

/**
 * An entry as a row of a table: its record, key and value with the lengths before them, and the cell that holds the record.
 * Loaded again and again without garbage.
 */
export class Record {
  /** The record's bytes, and how many of them are in the cell. */
  size = 0;
  local = 0;
  readonly #pairs: Pairs;
  readonly #poolView: DataView;
  readonly #types: ColumnTypes;
  #keyStart = 0;
  #keyEnd = 0;
  #valueStart = 0;
  #valueEnd = 0;
  #keyType = 0;
  #valueType = 0;
  #headSize = 0;

  constructor(pairs: Pairs, types: ColumnTypes) {
    this.#pairs = pairs;
    this.#poolView = viewOf(pairs.pool);
    this.#types = types;
  }

  load(entry: number): void {
    const { key, value } = this.#types;
    this.#keyStart = this.#pairs.keyStart[entry];
    this.#keyEnd = this.#pairs.keyEnd[entry];
    this.#valueStart = this.#pairs.valueStart[entry];
    this.#valueEnd = this.#pairs.valueEnd[entry];
    const keySize = this.#keyEnd - this.#keyStart + key.nul;
    const valueSize = this.#valueEnd - this.#valueStart + value.nul;
    this.#keyType = (key.text ? TEXT : BLOB) + 2 * keySize;
    this.#valueType = (value.text ? TEXT : BLOB) + 2 * valueSize;
    this.#headSize = 1 + varintSize(this.#keyType) + varintSize(this.#valueType);
    this.size = this.#headSize + keySize + valueSize;
    this.local = localSize(this.size);
  }

  /** The size of the cell on a leaf. */
  get cellSize(): number {
    return varintSize(this.size) + this.local + (this.local < this.size ? PAGE_NUMBER_SIZE : 0);
  }

  /** Writes the record; may write up to three bytes beyond its end. Returns the place behind. */
  write(bytes: Uint8Array, view: DataView, at: number): number {
    const { key, value } = this.#types;
    bytes[at] = this.#headSize;
    let next = writeVarint(bytes, at + 1, this.#keyType);
    next = writeVarint(bytes, next, this.#valueType);
    next = this.#copy(this.#keyStart, this.#keyEnd, key.nul, bytes, view, next);
    return this.#copy(this.#valueStart, this.#valueEnd, value.nul, bytes, view, next);
  }

  #copy(start: number, end: number, nul: number, bytes: Uint8Array, view: DataView, at: number): number {
    const next = copyLoosely(this.#pairs.pool, this.#poolView, start, end, bytes, view, at);
    if (nul === 1) bytes[next] = 0;
    return next + nul;
  }
}
