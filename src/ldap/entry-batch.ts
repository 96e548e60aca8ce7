import type { Addresses } from './addresses.ts';
import type { DomainSet } from './domain-set.ts';
import type { LinearMemory } from './linear-memory.ts';
import type { Loops } from './loops.ts';
import type { FoundEntries } from './types.ts';

/** Entries handed over at a time, and bytes of them, as a rule. */
const USUAL_ENTRIES = 4096;
const USUAL_BYTES = USUAL_ENTRIES * 48;

/** The numbers that compiled loops know, as they have them. */
const COUNT = 0;
const USED = 1;
const GIVEN = 2;
const POOL = 3;
const LAST = 9;
const LAST_LENGTH = 11;
const FIELDS = 12;

/**
 * Entries of one selection that were found and not handed over yet. Keys and values are copied from the scratch buffer of addresses, in the
 * same memory; a value equal to the one before is stored once.
 */
export class EntryBatch {
  readonly #memory: LinearMemory;
  readonly #loops: Loops;
  readonly #give: (entries: FoundEntries) => void;
  readonly #fields: Int32Array;
  #pool: Uint8Array;
  #keyStart: Uint32Array;
  #keyEnd: Uint32Array;
  #valueStart: Uint32Array;
  #valueEnd: Uint32Array;
  #object: Uint32Array;
  /** For the last value of those that were handed over. */
  #value: Uint8Array;

  constructor(memory: LinearMemory, loops: Loops, give: (entries: FoundEntries) => void) {
    this.#memory = memory;
    this.#loops = loops;
    this.#give = give;
    this.#fields = memory.numbers(FIELDS);
    this.#value = memory.bytes(0);
    this.#pool = memory.bytes(USUAL_BYTES);
    this.#keyStart = memory.unsigned(USUAL_ENTRIES);
    this.#keyEnd = memory.unsigned(USUAL_ENTRIES);
    this.#valueStart = memory.unsigned(USUAL_ENTRIES);
    this.#valueEnd = memory.unsigned(USUAL_ENTRIES);
    this.#object = memory.unsigned(USUAL_ENTRIES);
    this.#setPlaces();
  }

  /** Adds an entry. */
  add(
    { scratch }: Addresses,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    object: number,
  ): void {
    this.#reserve(1, keyEnd - keyStart + valueEnd - valueStart);
    this.#loops.appendEntry(
      this.#fields.byteOffset,
      scratch.bytes.byteOffset,
      keyStart,
      keyEnd,
      valueStart,
      valueEnd,
      object,
    );
  }

  /** Adds the addresses `[from, to)`, at least one, with one value for all, which is not stored again where it is among them. */
  addKeys(
    { scratch, start, end }: Addresses,
    from: number,
    to: number,
    valueStart: number,
    valueEnd: number,
    object: number,
  ): void {
    this.#reserve(to - from, end[to - 1] - start[from] + valueEnd - valueStart);
    this.#loops.appendKeys(
      this.#fields.byteOffset,
      scratch.bytes.byteOffset,
      start.byteOffset,
      end.byteOffset,
      from,
      to,
      valueStart,
      valueEnd,
      object,
    );
  }

  /**
   * Adds all addresses that are in one of the domains, likewise.
   *
   * @param domains undefined for any
   * @returns how many are in none of them
   */
  addAddresses(
    { scratch, count, start, at, end }: Addresses,
    domains: DomainSet | undefined,
    valueStart: number,
    valueEnd: number,
    object: number,
  ): number {
    if (count === 0) return 0;
    this.#reserve(count, end[count - 1] + valueEnd - valueStart);
    return this.#loops.appendAddresses(
      this.#fields.byteOffset,
      domains?.address ?? 0,
      domains?.mask ?? 0,
      scratch.bytes.byteOffset,
      start.byteOffset,
      at.byteOffset,
      end.byteOffset,
      count,
      valueStart,
      valueEnd,
      object,
    );
  }

  flush(): void {
    const fields = this.#fields;
    const count = fields[COUNT];
    if (count === 0) return;
    this.#give({
      count,
      pool: this.#pool.subarray(0, fields[USED]),
      keyStart: this.#keyStart.subarray(0, count),
      keyEnd: this.#keyEnd.subarray(0, count),
      valueStart: this.#valueStart.subarray(0, count),
      valueEnd: this.#valueEnd.subarray(0, count),
      object: this.#object.subarray(0, count),
    });
    this.#keepLast();
    fields[GIVEN] += fields[USED];
    fields[USED] = 0;
    fields[COUNT] = 0;
  }

  /** All is void that was added since the beginning. */
  clear(): void {
    this.#fields.fill(0);
    this.#setPlaces();
  }

  /** The next entry may have the value of the last. */
  #keepLast(): void {
    const fields = this.#fields;
    const start = fields[LAST] - this.#pool.byteOffset;
    if (start < 0 || start >= this.#pool.length) return;
    const value = this.#pool.subarray(start, start + fields[LAST_LENGTH]);
    if (value.length > this.#value.length) this.#value = this.#memory.bytes(value.length);
    this.#value.set(value);
    fields[LAST] = this.#value.byteOffset;
  }

  #reserve(entries: number, bytes: number): void {
    const fields = this.#fields;
    const hasRoom =
      fields[COUNT] + entries <= this.#object.length && fields[USED] + bytes <= this.#pool.length;
    if (!hasRoom) this.#makeRoom(entries, bytes);
  }

  #makeRoom(entries: number, bytes: number): void {
    this.flush();
    if (bytes > this.#pool.length) this.#pool = this.#memory.bytes(bytes);
    if (entries > this.#object.length) {
      this.#keyStart = this.#memory.unsigned(entries);
      this.#keyEnd = this.#memory.unsigned(entries);
      this.#valueStart = this.#memory.unsigned(entries);
      this.#valueEnd = this.#memory.unsigned(entries);
      this.#object = this.#memory.unsigned(entries);
    }
    this.#setPlaces();
  }

  #setPlaces(): void {
    const places = [this.#pool, this.#keyStart, this.#keyEnd, this.#valueStart, this.#valueEnd, this.#object];
    this.#fields.set(
      places.map(({ byteOffset }) => byteOffset),
      POOL,
    );
  }
}
