import { ID_BYTES } from './columns.ts';

/** Ids are random in most of their bytes, but entryUUIDs made from a clock are not in all of them. @returns 32 bits of the id at `at` */
export function hashOfId(view: DataView, at: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < ID_BYTES; i += 4) {
    hash = Math.imul(hash ^ view.getUint32(at + i, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

/** How many slots are for so many ids: a power of two, and at least twice as many. */
export function slotCountFor(ids: number): number {
  let slots = 16;
  while (slots < ids * 2) slots *= 2;
  return slots;
}

/** Where ids, each of which is there once, are found by their hashes: open addressing; a slot has the number of an id plus one. */
export function slotsOf(ids: Uint8Array, count: number): Uint32Array {
  const slots = new Uint32Array(slotCountFor(count));
  const mask = slots.length - 1;
  const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength);
  for (let number = 1, at = 0; number <= count; number++, at += ID_BYTES) {
    let slot = hashOfId(view, at) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = number;
  }
  return slots;
}
