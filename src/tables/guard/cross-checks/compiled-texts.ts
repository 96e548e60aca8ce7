import { linearColumns } from '../../../dbm/linear-columns.ts';
import type { LinearMemory } from '../../../dbm/linear-memory.ts';
import type { Pairs } from '../../../dbm/pairs.ts';
import { allOf } from '../../columns/common-keys.ts';
import { type Loops, loopsIn } from './loops.ts';
import { BYTES, STRETCH, stretches } from './stretches.ts';

/** See the loops. */
const SLOT = 5;
const MET = 4;

/** Where the keys' domains are among others. */
export interface KeyDomains {
  /** For each domain whether a key is in it. */
  readonly isMet: readonly boolean[];
  /** The entries whose keys are in another domain. */
  readonly elsewhere: Uint32Array;
}

/** Entries by where their values lead. */
export interface OwnValues {
  /** Those whose value is their own key. */
  readonly own: Uint32Array;
  /** Those whose value is not one of these. Some that have the same value all the same may be among them. */
  readonly others: Uint32Array;
}

/** The texts of a large table, as compiled loops go through them. */
export class CompiledTexts {
  readonly #pairs: Pairs;
  readonly #memory: LinearMemory;
  readonly #loops: Loops;
  readonly #base: number;
  readonly #columns: readonly [keyStart: number, keyEnd: number, valueStart: number, valueEnd: number];
  /** The address of the numbers that loops write. */
  readonly #out: number;

  /** @throws MemoryFullError, as do the methods */
  constructor(pairs: Pairs) {
    const { memory, base, columns } = linearColumns(pairs);
    this.#pairs = pairs;
    this.#memory = memory;
    this.#loops = loopsIn(memory);
    this.#base = base;
    this.#columns = columns;
    this.#out = memory.reserve((STRETCH + 1) * BYTES);
  }

  /**
   * Gives a number for each key, the same for keys that differ in nothing but the case of ASCII letters, and for hardly any others.
   *
   * @param take called for stretches of entries: with the number of the first, and numbers that are good until the next call
   */
  hashKeys(take: (first: number, hashes: Uint32Array) => void): void {
    const [keyStart, keyEnd] = this.#columns;
    this.#hash(keyStart, keyEnd, take);
  }

  /** Likewise for each value. */
  hashValues(take: (first: number, hashes: Uint32Array) => void): void {
    const [, , valueStart, valueEnd] = this.#columns;
    this.#hash(valueStart, valueEnd, take);
  }

  /** What is behind the keys' last `@`, compared with the keys of `domains`. A key without an `@` is nowhere. */
  keyDomains(domains: Pairs): KeyDomains {
    const [keyStart, keyEnd] = this.#columns;
    const { slots, size } = this.#slotsOf(domains);
    const elsewhere = this.#chosen((first, count) => {
      const [starts, ends] = [keyStart + first * BYTES, keyEnd + first * BYTES];
      return this.#loops.findDomains(this.#base, starts, ends, first, count, slots, size - 1, this.#out);
    });
    const isMet = new Array<boolean>(domains.count).fill(false);
    const numbers = this.#memory.numbers(slots, size * SLOT);
    for (let slot = 0; slot < numbers.length; slot += SLOT)
      if (numbers[slot] > 0) isMet[numbers[slot] - 1] = numbers[slot + MET] > 0;
    return { isMet, elsewhere };
  }

  /** @param passedOver entries that don't count as ones whose value is their own key */
  ownValues(passedOver: Uint32Array): OwnValues {
    const { pool, valueStart } = this.#pairs;
    const size = (pool.length >>> 3) + 1;
    const bits = this.#memory.reserve(size);
    const [keys, keyEnds, values, valueEnds] = this.#columns;
    const own = this.#chosen((first, count) => {
      const columns = [keys, keyEnds, values, valueEnds].map((column) => column + first * BYTES);
      const [keyStart, keyEnd, valueStart, valueEnd] = columns;
      return this.#loops.markOwn(
        this.#base,
        keyStart,
        keyEnd,
        valueStart,
        valueEnd,
        first,
        count,
        bits,
        this.#out,
      );
    });
    if (own.length === 0) return { own, others: allOf(this.#pairs) };
    const marks = this.#memory.bytes(bits, size);
    for (const entry of passedOver) {
      const at = valueStart[entry];
      marks[at >>> 3] &= ~(1 << (at & 7));
    }
    const others = this.#chosen((first, count) =>
      this.#loops.chooseNotToOwn(values + first * BYTES, first, count, bits, this.#out),
    );
    return { own, others };
  }

  #hash(starts: number, ends: number, take: (first: number, hashes: Uint32Array) => void): void {
    for (const { first, count } of stretches(this.#pairs.count)) {
      const bytes = first * BYTES;
      this.#loops.hashTexts(this.#base, starts + bytes, ends + bytes, count, this.#out);
      take(first, this.#memory.numbers(this.#out, count));
    }
  }

  /** @param choose writes numbers of some of the entries `[first, first + count)`, and tells how many */
  #chosen(choose: (first: number, count: number) => number): Uint32Array {
    // Memory that is not written to costs nothing.
    const found = new Uint32Array(this.#pairs.count);
    let length = 0;
    for (const { first, count } of stretches(this.#pairs.count)) {
      const chosen = this.#memory.numbers(this.#out, choose(first, count));
      found.set(chosen, length);
      length += chosen.length;
    }
    return found.subarray(0, length);
  }

  /** Where the domains are found by their hashes: see the loops. */
  #slotsOf({ count, pool, keyStart, keyEnd }: Pairs): { readonly slots: number; readonly size: number } {
    const size = 2 ** Math.ceil(Math.log2(Math.max(count, 4) * 2));
    const base = this.#memory.addressOf(pool);
    const slots = this.#memory.reserve(size * SLOT * BYTES);
    const numbers = this.#memory.numbers(slots, size * SLOT);
    for (let domain = 0; domain < count; domain++) {
      const address = base + keyStart[domain];
      const length = keyEnd[domain] - keyStart[domain];
      const hash = this.#loops.hashOf(address, length);
      let slot = hash & (size - 1);
      while (numbers[slot * SLOT] !== 0) slot = (slot + 1) & (size - 1);
      numbers.set([domain + 1, hash, address, length], slot * SLOT);
    }
    return { slots, size };
  }
}
