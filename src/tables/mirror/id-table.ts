import { sameBytes, viewOf } from '../../dbm/bytes.ts';
import { LinearMemory } from '../../dbm/linear-memory.ts';
import { ID_BYTES } from '../../state/mirror/columns.ts';
import { hashOfId, slotCountFor } from '../../state/mirror/id-slots.ts';
import { columnBeside, poolBytes } from '../columns/shared-memory.ts';
import { type Loops, loopsIn } from './loops.ts';

/** Numbers ids of 16 bytes in the order of their coming. No object is made for an id. */
export class IdTable {
  #count = 0;
  #ids: Uint8Array;
  #idsView: DataView;
  /** Where ids were asked for last: it is nearly always the same. */
  #source: Uint8Array;
  #sourceView: DataView;
  /** Open addressing; a slot has the number of an id plus one. */
  #slots: Uint32Array;
  /** What compiled loops are asked for, and answer. */
  #asked: Uint32Array = new Uint32Array(0);
  #loops: Loops | undefined;

  constructor(expected = 1024) {
    this.#ids = poolBytes(Math.max(1, expected) * ID_BYTES);
    this.#idsView = viewOf(this.#ids);
    this.#source = this.#ids;
    this.#sourceView = this.#idsView;
    this.#slots = this.#slotsFor(expected);
  }

  get count(): number {
    return this.#count;
  }

  /** All ids, one behind the other. */
  get ids(): Uint8Array {
    return this.#ids.subarray(0, this.#count * ID_BYTES);
  }

  /** What `slotsOf` gives; undefined where this table was made for more ids. */
  get slots(): Uint32Array | undefined {
    return this.#slots.length === slotCountFor(this.#count) ? this.#slots : undefined;
  }

  /** @returns the number of the id at `bytes[at, at + 16)`, or -1 */
  find(bytes: Uint8Array, at = 0): number {
    return this.#slots[this.#slotOf(this.#viewOf(bytes), at)] - 1;
  }

  /** @returns its number, a new one for an id that was not there */
  add(bytes: Uint8Array, at = 0): number {
    const view = this.#viewOf(bytes);
    let slot = this.#slotOf(view, at);
    if (this.#slots[slot] > 0) return this.#slots[slot] - 1;
    if ((this.#count + 1) * 2 > this.#slots.length) {
      this.#growSlots();
      slot = this.#slotOf(view, at);
    }
    if ((this.#count + 1) * ID_BYTES > this.#ids.length) this.#growIds();
    const start = this.#count * ID_BYTES;
    for (let i = 0; i < ID_BYTES; i += 4)
      this.#idsView.setUint32(start + i, view.getUint32(at + i, true), true);
    this.#slots[slot] = ++this.#count;
    return this.#count - 1;
  }

  /** Adds ids, one behind the other. Of a table that was made for many, a compiled loop does it. @param numbers for the number of each */
  addAll(ids: Uint8Array, numbers: Uint32Array): void {
    const memory = LinearMemory.of(this.#ids);
    const { length } = numbers;
    if (memory === undefined) {
      for (let i = 0; i < length; i++) numbers[i] = this.add(ids, i * ID_BYTES);
      return;
    }
    while ((this.#count + length) * 2 > this.#slots.length) this.#growSlots();
    while ((this.#count + length) * ID_BYTES > this.#ids.length) this.#growIds();
    const words = (length * ID_BYTES) / 4;
    if (this.#asked.length < words + length) this.#asked = columnBeside(this.#ids, words + length);
    const asked = this.#asked;
    new Uint8Array(asked.buffer, asked.byteOffset, ids.length).set(ids);
    this.#loops ??= loopsIn(memory);
    this.#count = this.#loops.addIds(
      asked.byteOffset,
      length,
      asked.byteOffset + ids.length,
      this.#ids.byteOffset,
      this.#count,
      this.#slots.byteOffset,
      this.#slots.length - 1,
    );
    numbers.set(asked.subarray(words, words + length));
  }

  /** Where the id is, or would be put. */
  #slotOf(view: DataView, at: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hashOfId(view, at) & mask; ; slot = (slot + 1) & mask) {
      const number = slots[slot];
      if (number === 0 || sameBytes(this.#idsView, (number - 1) * ID_BYTES, view, at, ID_BYTES)) return slot;
    }
  }

  #viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#sourceView = viewOf(bytes);
    }
    return this.#sourceView;
  }

  #growSlots(): void {
    this.#slots = this.#slotsFor(this.#slots.length);
    for (let number = 0; number < this.#count; number++) {
      this.#slots[this.#slotOf(this.#idsView, number * ID_BYTES)] = number + 1;
    }
  }

  /** Touched, since they are read before they are written to: see `LinearMemory.reserveTouched`. */
  #slotsFor(ids: number): Uint32Array {
    return columnBeside(this.#ids, slotCountFor(ids)).fill(0);
  }

  #growIds(): void {
    const { buffer, byteOffset } = columnBeside(this.#ids, this.#ids.length / 2);
    const larger = new Uint8Array(buffer, byteOffset, this.#ids.length * 2);
    larger.set(this.#ids);
    this.#ids = larger;
    this.#idsView = viewOf(larger);
  }
}
