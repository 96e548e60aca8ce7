/** Of a slot: the address of a domain and its length; 0 where there is none. */
const SLOT: u32 = 8;
/** Odd, with bits all over. */
const FACTOR: u64 = ((<u64>0x9e3779b9) << 32) | 0x7f4a7c15;

/**
 * Adds a domain to a set.
 *
 * @param slots of the set, a power of two, of which at least one stays free
 * @param mask their number less one
 */
export function addDomain(slots: u32, mask: u32, domain: u32, length: u32): void {
  const slot = slotOf(slots, mask, domain, length);
  store<u32>(slot, domain);
  store<u32>(slot, length, 4);
}

/**
 * Looks for an address whose domain is not in a set; one without an `@`, which has a negative number in `ats`, counts as if it were.
 * Addresses are offsets from `base` in columns.
 *
 * @returns its number, or `count` where there is none from number `from` on
 */
export function findElsewhere(
  slots: u32,
  mask: u32,
  base: u32,
  ats: u32,
  ends: u32,
  from: u32,
  count: u32,
): u32 {
  for (let i = from; i < count; i++) {
    const at = load<i32>(ats + (i << 2));
    if (at < 0) continue;
    const domain = base + at + 1;
    const slot = slotOf(slots, mask, domain, base + load<u32>(ends + (i << 2)) - domain);
    if (load<u32>(slot) === 0) return i;
  }
  return count;
}

/** Where a domain is, or would be put. */
function slotOf(slots: u32, mask: u32, domain: u32, length: u32): u32 {
  let number = hash(domain, length) & mask;
  while (!isFreeOrOf(slots + number * SLOT, domain, length)) number = (number + 1) & mask;
  return slots + number * SLOT;
}

function isFreeOrOf(slot: u32, domain: u32, length: u32): bool {
  const known = load<u32>(slot);
  return known === 0 || (load<u32>(slot, 4) === length && isSame(known, domain, length));
}

function hash(at: u32, length: u32): u32 {
  let hash: u64 = length;
  for (let i: u32 = 0; i < length; i += 8) {
    const bytes = load<u64>(at + i);
    const own = length - i < 8 ? bytes & (((<u64>1) << ((length - i) << 3)) - 1) : bytes;
    hash = (hash ^ own) * FACTOR;
    hash ^= hash >> 32;
  }
  return <u32>hash;
}

function isSame(a: u32, b: u32, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) if (load<u8>(a + i) !== load<u8>(b + i)) return false;
  return true;
}
