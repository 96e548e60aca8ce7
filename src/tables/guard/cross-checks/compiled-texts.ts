import { linearColumns } from '../../../dbm/linear-columns.ts';
import type { LinearMemory } from '../../../dbm/linear-memory.ts';
import type { Pairs } from '../../../dbm/pairs.ts';
import type { DomainSet } from './domain-set.ts';
import { type Loops, loopsIn } from './loops.ts';
import { BYTES, STRETCH, stretches } from './stretches.ts';

/** See the loops. */
const SLOT = 5;
const MET = 4;

const NONE = new Uint32Array(0);

/** Where the keys' domains are among others. */
export interface KeyDomains {
  /** For each domain whether a key is in it. */
  readonly isMet: readonly boolean[];
  /** The entries whose keys are in another domain. A key without an `@` is nowhere. */
  readonly elsewhere: Uint32Array;
}

/** Entries by where their values lead. */
export interface ValueLeads {
  /** Those whose value is their own key, in ascending lists. */
  readonly own: readonly Uint32Array[];
  /** Those whose value may lead on. */
  readonly open: Uint32Array;
}

/** The texts of a large table, as compiled loops go through them. */
export class CompiledTexts {
  readonly #pairs: Pairs;
  readonly #domains: DomainSet | undefined;
  readonly #memory: LinearMemory;
  readonly #loops: Loops;
  readonly #base: number;
  readonly #columns: readonly [keyStart: number, keyEnd: number, valueStart: number, valueEnd: number];
  /** Where the domains are found by their hashes: see the loops. */
  readonly #slots: number;
  readonly #slotCount: number;
  /** The address of numbers that loops write for a stretch. */
  readonly #out: number;

  /** @throws MemoryFullError, as do the methods */
  constructor(pairs: Pairs, domains: DomainSet | undefined) {
    const { memory, base, columns } = linearColumns(pairs);
    this.#pairs = pairs;
    this.#domains = domains;
    this.#memory = memory;
    this.#loops = loopsIn(memory);
    this.#base = base;
    this.#columns = columns;
    this.#slotCount = 2 ** Math.ceil(Math.log2(Math.max(domains?.pairs.count ?? 0, 4) * 2));
    this.#slots = memory.reserve(this.#slotCount * SLOT * BYTES);
    this.#out = memory.reserve((STRETCH + 1) * BYTES);
    if (domains !== undefined) this.#fillSlots(domains.pairs);
  }

  /**
   * Gives a number for each key, the same for keys that differ in nothing but the case of ASCII letters, and for hardly any others.
   *
   * @param take called for stretches of entries: with the number of the first, and numbers that are good until the next call
   */
  readKeys(take: (first: number, hashes: Uint32Array) => void): KeyDomains {
    const [keyStart, keyEnd] = this.#columns;
    const elsewhere = this.#listed((first, count, out) => {
      const found = this.#loops.readKeys(
        this.#base,
        keyStart + first * BYTES,
        keyEnd + first * BYTES,
        first,
        count,
        this.#slots,
        this.#slotCount - 1,
        this.#out,
        out,
      );
      take(first, this.#memory.numbers(this.#out, count));
      return found;
    });
    const isMet = new Array<boolean>(this.#domains?.pairs.count ?? 0).fill(false);
    const numbers = this.#memory.numbers(this.#slots, this.#slotCount * SLOT);
    for (let slot = 0; slot < numbers.length; slot += SLOT)
      if (numbers[slot] > 0) isMet[numbers[slot] - 1] = numbers[slot + MET] > 0;
    return { isMet, elsewhere: elsewhere.numbers };
  }

  /**
   * Finds the entries whose values may lead on: not to a domain that is none of ours, nor to an entry whose value is its own key.
   *
   * @param passedOver entries that don't count as ones whose value is their own key
   */
  valueLeads(passedOver: Uint32Array): ValueLeads {
    const [keyStart, keyEnd, valueStart, valueEnd] = this.#columns;
    const ends = this.#memory.reserveTouched((this.#pairs.pool.length >>> 3) + 1);
    const ownPlaces = this.#listed((first, count, out) => {
      const columns = this.#columns.map((column) => column + first * BYTES);
      const [keys, keyEnds, values, valueEnds] = columns;
      return this.#loops.markOwnPlaces(keys, keyEnds, values, valueEnds, first, count, ends, out);
    });
    this.#unmark(ends, passedOver);
    if (!this.#markElsewhere(ends)) return { own: [ownPlaces.numbers], open: NONE };
    const unmarked = this.#listed((first, count, out) =>
      this.#loops.chooseUnmarked(valueStart + first * BYTES, first, count, ends, out),
    );
    const { address: list, numbers: open } = unmarked;
    const out = this.#memory.reserve((open.length + 1) * BYTES);
    const ownTexts = this.#loops.markOwnTexts(
      this.#base,
      keyStart,
      keyEnd,
      valueStart,
      valueEnd,
      list,
      open.length,
      ends,
      out,
    );
    if (ownTexts === 0) return { own: [ownPlaces.numbers], open };
    this.#unmark(ends, passedOver);
    const left = this.#loops.dropMarked(valueStart, list, open.length, ends);
    return { own: [ownPlaces.numbers, this.#memory.numbers(out, ownTexts)], open: open.subarray(0, left) };
  }

  /** A number for the value of each of some entries: that which an equal key has. */
  hashValues(entries: Uint32Array): Uint32Array {
    const [, , valueStart, valueEnd] = this.#columns;
    const list = this.#memory.addressOf(entries);
    const hashes = this.#memory.reserve(entries.byteLength);
    this.#loops.hashValues(this.#base, valueStart, valueEnd, list, entries.length, hashes);
    return this.#memory.numbers(hashes, entries.length);
  }

  /** Marks values in domains that are none of ours. @returns whether others are left */
  #markElsewhere(ends: number): boolean {
    // Below a wildcard any domain may be ours.
    if (this.#domains === undefined || this.#domains.hasWildcards) return true;
    const [, , valueStart, valueEnd] = this.#columns;
    const left = stretches(this.#pairs.count).map(({ first, count }) => {
      const [starts, valueEnds] = [valueStart + first * BYTES, valueEnd + first * BYTES];
      const [slots, mask] = [this.#slots, this.#slotCount - 1];
      return this.#loops.markElsewhere(this.#base, starts, valueEnds, count, ends, slots, mask, this.#out);
    });
    return left.includes(1);
  }

  /** @param choose writes numbers of some of the entries `[first, first + count)`, and tells how many */
  #listed(choose: (first: number, count: number, out: number) => number): {
    readonly address: number;
    readonly numbers: Uint32Array;
  } {
    // Memory that is not written to costs nothing.
    const address = this.#memory.reserve((this.#pairs.count + 1) * BYTES);
    let length = 0;
    for (const { first, count } of stretches(this.#pairs.count))
      length += choose(first, count, address + length * BYTES);
    return { address, numbers: this.#memory.numbers(address, length) };
  }

  #unmark(ends: number, entries: Uint32Array): void {
    const { valueStart, valueEnd, pool } = this.#pairs;
    const marks = this.#memory.bytes(ends, (pool.length >>> 3) + 1);
    for (const entry of entries) {
      const at = valueStart[entry];
      // Where an empty value is, another may start.
      if (valueEnd[entry] === at) continue;
      marks[at >>> 3] &= ~(1 << (at & 7));
    }
  }

  #fillSlots({ count, pool, keyStart, keyEnd }: Pairs): void {
    const last = this.#slotCount - 1;
    const base = this.#memory.addressOf(pool);
    const numbers = this.#memory.numbers(this.#slots, this.#slotCount * SLOT);
    for (let domain = 0; domain < count; domain++) {
      const address = base + keyStart[domain];
      const length = keyEnd[domain] - keyStart[domain];
      const hash = this.#loops.hashOf(address, length);
      let slot = hash & last;
      while (numbers[slot * SLOT] !== 0) slot = (slot + 1) & last;
      numbers.set([domain + 1, hash, address, length], slot * SLOT);
    }
  }
}
