import type { LinearMemory } from './linear-memory.ts';
import type { Loops } from './loops.ts';
import { ID_LENGTH } from './object-id.ts';
import type { FoundObjects } from './types.ts';

/** Objects handed over at a time. */
const OBJECTS = 1024;
/** Bytes of their DNs, as a rule. */
const USUAL_BYTES = OBJECTS * 128;

/** The numbers that compiled loops know, as they have them. */
const COUNT = 0;
const USED = 1;
const GIVEN = 2;
const IDS = 3;
const FIELDS = 7;

/** Objects that were found and not handed over yet. */
export class ObjectBatch {
  readonly #memory: LinearMemory;
  readonly #loops: Loops;
  readonly #give: (objects: FoundObjects) => void;
  readonly #fields: Int32Array;
  readonly #ids: Uint8Array;
  readonly #dnStart: Uint32Array;
  readonly #dnEnd: Uint32Array;
  #dns: Uint8Array;

  constructor(memory: LinearMemory, loops: Loops, give: (objects: FoundObjects) => void) {
    this.#memory = memory;
    this.#loops = loops;
    this.#give = give;
    this.#fields = memory.numbers(FIELDS);
    this.#ids = memory.bytes(OBJECTS * ID_LENGTH);
    this.#dnStart = memory.unsigned(OBJECTS);
    this.#dnEnd = memory.unsigned(OBJECTS);
    this.#dns = memory.bytes(USUAL_BYTES);
    this.#setPlaces();
  }

  /** @param id in the memory of the loops, as is the DN */
  add(id: Uint8Array, bytes: Uint8Array, dnStart: number, dnEnd: number): void {
    const fields = this.#fields;
    const length = dnEnd - dnStart;
    if (fields[COUNT] === OBJECTS || fields[USED] + length > this.#dns.length) this.#makeRoom(length);
    this.#loops.appendObject(fields.byteOffset, id.byteOffset, bytes.byteOffset + dnStart, length);
  }

  flush(): void {
    const fields = this.#fields;
    const count = fields[COUNT];
    if (count === 0) return;
    this.#give({
      count,
      ids: this.#ids.subarray(0, count * ID_LENGTH),
      dns: this.#dns.subarray(0, fields[USED]),
      dnStart: this.#dnStart.subarray(0, count),
      dnEnd: this.#dnEnd.subarray(0, count),
    });
    fields[GIVEN] += fields[USED];
    fields[USED] = 0;
    fields[COUNT] = 0;
  }

  /** All is void that was added since the beginning. */
  clear(): void {
    this.#fields.fill(0);
    this.#setPlaces();
  }

  #makeRoom(length: number): void {
    this.flush();
    if (length <= this.#dns.length) return;
    this.#dns = this.#memory.bytes(length);
    this.#setPlaces();
  }

  #setPlaces(): void {
    const places = [this.#ids, this.#dns, this.#dnStart, this.#dnEnd];
    this.#fields.set(
      places.map(({ byteOffset }) => byteOffset),
      IDS,
    );
  }
}
