import { createHash } from 'node:crypto';
import type { Pairs } from '../dbm/pairs.ts';
import { datBlocks } from './dat/write.ts';

/** A table: entries whose keys are unique and in byte order. */
export class Table implements Pairs {
  readonly count: number;
  readonly pool: Uint8Array;
  readonly keyStart: Uint32Array;
  readonly keyEnd: Uint32Array;
  readonly valueStart: Uint32Array;
  readonly valueEnd: Uint32Array;
  #text: { readonly digest: string; readonly bytes: number } | undefined;

  /** @param order numbers of those entries of `pairs` that make the table, in the order of their keys */
  constructor(pairs: Pairs, order: Uint32Array) {
    this.count = order.length;
    this.pool = pairs.pool;
    this.keyStart = gathered(pairs.keyStart, order);
    this.keyEnd = gathered(pairs.keyEnd, order);
    this.valueStart = gathered(pairs.valueStart, order);
    this.valueEnd = gathered(pairs.valueEnd, order);
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
    if (this.#text === undefined) {
      const hash = createHash('sha256');
      let bytes = 0;
      for (const block of this.text()) {
        hash.update(block);
        bytes += block.length;
      }
      this.#text = { digest: hash.digest('hex'), bytes };
    }
    return this.#text;
  }
}

function gathered(column: Uint32Array, order: Uint32Array): Uint32Array {
  const target = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) target[i] = column[order[i]];
  return target;
}
