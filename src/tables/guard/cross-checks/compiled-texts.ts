import { linearColumns } from '../../../dbm/linear-columns.ts';
import type { LinearMemory } from '../../../dbm/linear-memory.ts';
import type { Pairs } from '../../../dbm/pairs.ts';
import type { DomainSet } from './domain-set.ts';
import { joined } from './entry-lists.ts';
import { type Loops, loopsIn } from './loops.ts';
import { BYTES, STRETCH, stretches } from './stretches.ts';

/** See the loops. */
const SLOT = 5;
const MET = 4;

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
  /** For each of these the number that its value has, which is that of an equal key. */
  readonly hashes: Uint32Array;
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
  /** The addresses of the numbers that loops write. */
  readonly #hashes: number;
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
    this.#hashes = memory.reserve(STRETCH * BYTES);
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
    const elsewhere = stretches(this.#pairs.count).map(({ first, count }) => {
      const [starts, ends] = [keyStart + first * BYTES, keyEnd + first * BYTES];
      const chosen = this.#loops.readKeys(
        this.#base,
        starts,
        ends,
        first,
        count,
        this.#slots,
        this.#slotCount - 1,
        this.#hashes,
        this.#out,
      );
      take(first, this.#memory.numbers(this.#hashes, count));
      return this.#memory.numbers(this.#out, chosen).slice();
    });
    const isMet = new Array<boolean>(this.#domains?.pairs.count ?? 0).fill(false);
    const numbers = this.#memory.numbers(this.#slots, this.#slotCount * SLOT);
    for (let slot = 0; slot < numbers.length; slot += SLOT)
      if (numbers[slot] > 0) isMet[numbers[slot] - 1] = numbers[slot + MET] > 0;
    return { isMet, elsewhere: joined(elsewhere) };
  }

  /**
   * Finds the entries whose values may lead on: not to a domain that is none of ours, nor to an entry whose value is its own key.
   *
   * @param passedOver entries that don't count as ones whose value is their own key
   */
  valueLeads(passedOver: Uint32Array): ValueLeads {
    const { count, pool } = this.#pairs;
    const [keyStart, keyEnd, valueStart, valueEnd] = this.#columns;
    // Memory that is not written to costs nothing.
    const [ends, list, hashes, own] = [
      this.#memory.reserve((pool.length >>> 3) + 1),
      this.#memory.reserve((count + 1) * BYTES),
      this.#memory.reserve((count + 1) * BYTES),
      this.#memory.reserve((count + 1) * BYTES),
    ];
    let ownCount = 0;
    for (const { first, count } of stretches(this.#pairs.count)) {
      const [keys, keyEnds, values, valueEnds] = this.#columns.map((column) => column + first * BYTES);
      const out = own + ownCount * BYTES;
      ownCount += this.#loops.markOwnPlaces(keys, keyEnds, values, valueEnds, first, count, ends, out);
    }
    this.#unmark(ends, passedOver);
    const everywhere = this.#domains === undefined || this.#domains.hasWildcards ? 1 : 0;
    let open = 0;
    for (const { first, count } of stretches(this.#pairs.count)) {
      open += this.#loops.chooseLeadingOn(
        this.#base,
        valueStart + first * BYTES,
        valueEnd + first * BYTES,
        first,
        count,
        ends,
        this.#slots,
        this.#slotCount - 1,
        everywhere,
        hashes + open * BYTES,
        list + open * BYTES,
      );
    }
    const ownTexts = this.#loops.markOwnTexts(
      this.#base,
      keyStart,
      keyEnd,
      valueStart,
      valueEnd,
      list,
      open,
      ends,
      own + ownCount * BYTES,
    );
    if (ownTexts > 0) {
      this.#unmark(ends, passedOver);
      open = this.#loops.dropMarked(valueStart, list, hashes, open, ends);
    }
    const numbers = (at: number, length: number) => this.#memory.numbers(at, length);
    return {
      own: [numbers(own, ownCount), numbers(own + ownCount * BYTES, ownTexts)],
      open: numbers(list, open),
      hashes: numbers(hashes, open),
    };
  }

  #unmark(ends: number, entries: Uint32Array): void {
    const { valueStart, pool } = this.#pairs;
    const marks = this.#memory.bytes(ends, (pool.length >>> 3) + 1);
    for (const entry of entries) {
      const at = valueStart[entry];
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
