import { same } from '../../../../dbm/assembly/bytes';

const AT: i8 = 0x40;
/** Sets the bit that ASCII letters in lower case have and those in upper case have not. */
const LOWER: u64 = ((<u64>0x20202020) << 32) | 0x20202020;
const PRIME: u64 = ((<u64>0x9e3779b9) << 32) | 0x7f4a7c15;
/** A slot of a table of domains: whether a domain is there, its hash, its address and its length, and whether it was met. */
const SLOT: u32 = 20;

/** The address behind the last `@` of a text; where the text begins if it has none. May read up to fifteen bytes beyond it. */
export function behindLastAt(address: u32, end: u32): u32 {
  let behind = address;
  for (let at = address; at < end; at += 16) {
    const own = end - at >= 16 ? 0xffff : (1 << (end - at)) - 1;
    const ats = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(AT))) & own;
    if (ats !== 0) behind = at + 32 - clz(ats);
  }
  return behind;
}

/**
 * A number for some bytes: the same for those that are the same but for the case of ASCII letters, and for hardly any others. May
 * read up to seven bytes beyond.
 */
export function hashOf(address: u32, length: u32): u32 {
  let hash: u64 = length;
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) hash = mixed(hash, load<u64>(address + i));
  if (i < length) hash = mixed(hash, load<u64>(address + i) << ((8 - (length - i)) << 3));
  return <u32>((hash * PRIME) >> 32);
}

function mixed(hash: u64, bytes: u64): u64 {
  const product = (hash ^ (bytes | LOWER)) * PRIME;
  return product ^ (product >> 32);
}

/** The number of a text, by that of its domain. */
export function hashWithDomain(address: u32, domain: u32, domainHash: u32): u32 {
  return <u32>(((((<u64>hashOf(address, domain - address)) << 32) | domainHash) * PRIME) >> 32);
}

/** The slot that a domain has, or an empty one. */
export function slotOf(domain: u32, length: u32, hash: u32, slots: u32, mask: u32): u32 {
  let i = hash & mask;
  let slot = slots + i * SLOT;
  while (isTaken(slot) && !isAt(slot, hash, domain, length)) {
    i = (i + 1) & mask;
    slot = slots + i * SLOT;
  }
  return slot;
}

/** Whether a slot has a domain. */
export function isTaken(slot: u32): bool {
  return load<u32>(slot) !== 0;
}

/** Notes that a slot was met. */
export function meet(slot: u32): void {
  store<u32>(slot, 1, 16);
}

function isAt(slot: u32, hash: u32, domain: u32, length: u32): bool {
  if (load<u32>(slot, 4) !== hash || load<u32>(slot, 12) !== length) return false;
  return same(load<u32>(slot, 8), domain, length);
}
