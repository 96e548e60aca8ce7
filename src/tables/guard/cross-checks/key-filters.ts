import { LinearMemory } from '../../../dbm/linear-memory.ts';
import { joined } from './entry-lists.ts';
import { type Loops, loopsIn } from './loops.ts';
import { BYTES, STRETCH, stretches } from './stretches.ts';

/** Bits for each key: with four of them set, one text in a thousand that is no key passes. */
const BITS = 32;
const WORD = 64;
/** What stays in the processor's cache: of few keys hardly any text passes that is none. */
const FEWEST_WORDS = 1 << 10;

/** A Bloom filter. */
export interface KeyFilter {
  readonly words: number;
  readonly address: number;
}

/** Tells most texts that are no key of a table from those that may be one, by their hashes, without looking for them there. */
export class KeyFilters {
  readonly #memory = new LinearMemory();
  readonly #loops: Loops = loopsIn(this.#memory);
  /** The address of hashes that are somewhere else. */
  readonly #hashes = this.#memory.reserve(STRETCH * BYTES);
  /** The address of the numbers of entries that pass. */
  readonly #passing = this.#memory.reserve((STRETCH + 1) * BYTES);

  /** Room for so many hashes. */
  room(count: number): Uint32Array {
    return this.#memory.numbers(this.#memory.reserve(count * BYTES), count);
  }

  /** @param hashes of some keys */
  filter(hashes: Uint32Array): KeyFilter {
    const words = Math.max(FEWEST_WORDS, Math.ceil((hashes.length * BITS) / WORD));
    const filter = this.#memory.reserveTouched(words * (WORD / 8));
    for (const { first, count } of stretches(hashes.length)) {
      const at = this.#addressOf(hashes.subarray(first, first + count));
      this.#loops.addToFilter(at, count, filter, words);
    }
    return { words, address: filter };
  }

  /** The numbers of those hashes that pass a filter. */
  passing(hashes: Uint32Array, { address, words }: KeyFilter): Uint32Array {
    const found = stretches(hashes.length).map(({ first, count }) => {
      const at = this.#addressOf(hashes.subarray(first, first + count));
      const passing = this.#loops.chooseByFilter(at, first, count, address, words, this.#passing);
      return this.#memory.numbers(this.#passing, passing).slice();
    });
    return joined(found);
  }

  #addressOf(hashes: Uint32Array): number {
    if (LinearMemory.of(hashes) === this.#memory) return hashes.byteOffset;
    this.#memory.numbers(this.#hashes, hashes.length).set(hashes);
    return this.#hashes;
  }
}
