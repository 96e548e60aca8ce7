import { DbmError } from './error.ts';
import type { DbmFile } from './format.ts';
import type { LinearMemory } from './linear-memory.ts';
import { printable } from './printable.ts';
import { PLACE } from './table-groups.ts';

const SAMPLED = 4;

export interface Lookup {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Entries that are looked up in a file through its own reader once it is written. */
export class Lookups {
  readonly #memory: LinearMemory;
  #offered = 0;
  readonly #entries: Lookup[] = [];

  constructor(memory: LinearMemory) {
    this.#memory = memory;
  }

  get entries(): readonly Lookup[] {
    return this.#entries;
  }

  /** Takes those of another thread. */
  take(entries: readonly Lookup[]): void {
    for (const entry of entries) this.#entries.push(entry);
  }

  /** Takes the entry that has its place at this address, or not: the first one and every fourth. */
  sample(place: number): void {
    if (this.#offered++ % SAMPLED === 0) this.add(place);
  }

  /** Takes the entry that has its place at this address. */
  add(place: number): void {
    const [keyStart, keyEnd, valueStart, valueEnd] = this.#memory.numbers(place, PLACE);
    this.#entries.push({
      key: this.#memory.bytes(keyStart, keyEnd - keyStart),
      value: this.#memory.bytes(valueStart, valueEnd - valueStart),
    });
  }

  /** @throws DbmError naming the first key that is missing or has another value */
  check(file: DbmFile): void {
    for (const { key, value } of this.#entries) {
      const found = file.get(key);
      if (found === undefined) throw new DbmError(file.path, `the key ${printable(key)} is missing`);
      if (Buffer.compare(found, value) !== 0)
        throw new DbmError(file.path, `the key ${printable(key)} has another value`);
    }
  }
}
