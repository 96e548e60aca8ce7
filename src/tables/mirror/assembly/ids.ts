const ID_BYTES: u32 = 16;
/** As in src/state/mirror/id-slots.ts. */
const BASIS: u32 = 0x811c9dc5;
const FACTOR: u32 = 0x9e3779b1;

/**
 * Finds `length` ids in a table, as `IdTable.add` does, or puts them there. There has to be room. The number of each goes to `numbers`.
 *
 * @param slots of the table, a power of two
 * @param mask their number less one
 * @param count of ids in the table
 * @returns how many there are now
 */
export function addIds(
  wanted: u32,
  length: u32,
  numbers: u32,
  ids: u32,
  count: u32,
  slots: u32,
  mask: u32,
): u32 {
  const end = wanted + length * ID_BYTES;
  // A loop that does nothing else waits for many places in memory at once.
  let touched: u32 = 0;
  for (let id = wanted; id < end; id += ID_BYTES) touched ^= load<u32>(slots + ((hash(id) & mask) << 2));
  store<u32>(numbers, touched);
  for (let id = wanted; id < end; id += ID_BYTES, numbers += 4) {
    const bytes = v128.load(id);
    let slot = hash(id) & mask;
    let known = load<u32>(slots + (slot << 2));
    while (known !== 0 && !isSame(bytes, ids + (known - 1) * ID_BYTES)) {
      slot = (slot + 1) & mask;
      known = load<u32>(slots + (slot << 2));
    }
    if (known === 0) {
      v128.store(ids + count * ID_BYTES, bytes);
      known = ++count;
      store<u32>(slots + (slot << 2), known);
    }
    store<u32>(numbers, known - 1);
  }
  return count;
}

function isSame(bytes: v128, id: u32): bool {
  return !v128.any_true(v128.xor(bytes, v128.load(id)));
}

function hash(id: u32): u32 {
  let hash = BASIS;
  for (let i: u32 = 0; i < ID_BYTES; i += 4) {
    hash = (hash ^ load<u32>(id + i)) * FACTOR;
    hash ^= hash >> 15;
  }
  return hash;
}
