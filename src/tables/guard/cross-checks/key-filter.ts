import type { Pairs } from '../../../dbm/pairs.ts';

/** Bits for each key: with two of them set, one text in sixty that is no key passes. */
const BITS = 16;

/** Tells most texts that are a key of no table from those that may be one, without looking for them there: a Bloom filter. */
export class KeyFilter {
  readonly #bits: Uint32Array;
  readonly #mask: number;

  constructor(tables: readonly Pairs[]) {
    const count = tables.reduce((sum, table) => sum + table.count, 0);
    const size = Math.min(2 ** 32, 2 ** Math.ceil(Math.log2(Math.max(count, 2) * BITS)));
    this.#bits = new Uint32Array(size / 32);
    this.#mask = size - 1;
    for (const table of tables) this.#add(table);
  }

  /** Whether a text, with its ASCII letters in lower case, may be a key. */
  mayHave(bytes: Uint8Array, start: number, end: number): boolean {
    const hash = hashOf(bytes, start, end);
    return this.#isSet(hash) && this.#isSet(rehashed(hash));
  }

  #add({ count, pool, keyStart, keyEnd }: Pairs): void {
    for (let i = 0; i < count; i++) {
      const hash = hashOf(pool, keyStart[i], keyEnd[i]);
      this.#set(hash);
      this.#set(rehashed(hash));
    }
  }

  #set(hash: number): void {
    const bit = (hash & this.#mask) >>> 0;
    this.#bits[bit >>> 5] |= 1 << (bit & 31);
  }

  #isSet(hash: number): boolean {
    const bit = (hash & this.#mask) >>> 0;
    return (this.#bits[bit >>> 5] & (1 << (bit & 31))) !== 0;
  }
}

/** FNV-1a over the text in lower case, its bits mixed once more, since the lower ones are all that a small filter takes. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    hash = Math.imul(hash ^ (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte), 0x01000193);
  }
  return rehashed(hash);
}

function rehashed(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return mixed ^ (mixed >>> 15);
}
