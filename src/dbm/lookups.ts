import { DbmError } from './error.ts';
import type { DbmFile } from './format.ts';
import type { LinearMemory } from './linear-memory.ts';
import { printable } from './printable.ts';
import { PLACE } from './table-groups.ts';

/** A longer value stays in the table's pool while its entry is in a group. */
const LONGEST_COPY = 1024;

/** Entries that are looked up in a file through its own reader once it is written. */
export class Lookups {
  readonly #memory: LinearMemory;
  readonly #entries: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];

  constructor(memory: LinearMemory) {
    this.#memory = memory;
  }

  /** Takes the entry that has its place at this address. */
  add(place: number): void {
    const [keyStart, keyEnd, valueStart, valueEnd] = this.#memory.numbers(place, PLACE);
    const value = this.#memory.bytes(valueStart, valueEnd - valueStart);
    this.#entries.push({
      key: this.#memory.bytes(keyStart, keyEnd - keyStart).slice(),
      value: value.length > LONGEST_COPY ? value : value.slice(),
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
