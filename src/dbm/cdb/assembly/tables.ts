/** A key's hash and the position of its record, 0 in an empty slot. */
export const SLOT: u32 = 8;

/**
 * Writes a hash table to `out`: twice as many slots as it has `records`, and each of these, which are given by what goes into their
 * slots, in the first free slot from its own on. They come in the order of their own slots, so that this is behind the last one.
 */
export function writeTable(slots: u32, records: u32, out: u32): void {
  const size = 2 * records * SLOT;
  const end = out + size;
  memory.fill(out, 0, size);
  let free = out;
  for (let slot = slots, last = slots + records * SLOT; slot < last; slot += SLOT) {
    let at = max(free, out + ownSlot(load<u32>(slot), records) * SLOT);
    if (at === end) {
      at = out;
      while (load<u32>(at, 4) !== 0) at += SLOT;
      store<u64>(at, load<u64>(slot));
    } else {
      store<u64>(at, load<u64>(slot));
      free = at + SLOT;
    }
  }
}

/** Whether lookups in a table, each from its own slot on, meet all of its records, and there are no others in it. */
export function isTable(slots: u32, records: u32, number: u32, table: u32): bool {
  const end = table + 2 * records * SLOT;
  let full: u32 = 0;
  for (let at = table; at < end; at += SLOT) full += <u32>(load<u32>(at, 4) !== 0);
  if (full !== records) return false;
  for (let slot = slots, last = slots + records * SLOT; slot < last; slot += SLOT) {
    const hash = load<u32>(slot);
    if ((hash & 255) !== number) return false;
    let at = table + ownSlot(hash, records) * SLOT;
    while (load<u64>(at) !== load<u64>(slot)) {
      if (load<u32>(at, 4) === 0) return false;
      at += SLOT;
      if (at === end) at = table;
    }
  }
  return true;
}

function ownSlot(hash: u32, records: u32): u32 {
  return (hash >> 8) % (2 * records);
}
