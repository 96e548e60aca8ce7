import { same } from '../../../../dbm/assembly/bytes';
import { fetch, STRETCH } from './fetch';
import { hashOf } from './hash';

const AT: i8 = 0x40;
/** A slot of a table of domains: whether a domain is there, its hash, its address and its length, and whether it was met. */
const SLOT: u32 = 20;
const MET = 16;

/**
 * Notes for each of `count` texts that the domain behind its last `@` was met, in that one of the `mask + 1` slots at `slots` that it
 * has; where it has none, the text's number is written to `out`. Texts without an `@` are passed over. The texts are given as to
 * `hashTexts`; numbers count from `first`. May read up to fifteen bytes beyond a text.
 *
 * @returns how many numbers were written; one more may be
 */
export function findDomains(
  base: u32,
  starts: u32,
  ends: u32,
  first: u32,
  count: u32,
  slots: u32,
  mask: u32,
  out: u32,
): u32 {
  let at = out;
  for (let i: u32 = 0; i < count; i++) {
    const column = i << 2;
    if (i % STRETCH === 0) fetch(base, starts + column, min(STRETCH, count - i));
    const end = base + load<u32>(ends + column);
    const domain = behindLastAt(base + load<u32>(starts + column), end);
    if (domain === 0) continue;
    const slot = slotOf(domain, end - domain, slots, mask);
    store<u32>(slot, 1, MET);
    store<u32>(at, first + i);
    at += (<u32>(load<u32>(slot) === 0)) << 2;
  }
  return (at - out) >> 2;
}

/** The address behind the last `@` of a text; 0 without one. */
function behindLastAt(address: u32, end: u32): u32 {
  let behind: u32 = 0;
  for (let at = address; at < end; at += 16) {
    const own = end - at >= 16 ? 0xffff : (1 << (end - at)) - 1;
    const ats = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(AT))) & own;
    if (ats !== 0) behind = at + 32 - clz(ats);
  }
  return behind;
}

/** The slot that a domain has, or an empty one. */
function slotOf(domain: u32, length: u32, slots: u32, mask: u32): u32 {
  const hash = hashOf(domain, length);
  let i = hash & mask;
  let slot = slots + i * SLOT;
  while (load<u32>(slot) !== 0 && !isAt(slot, hash, domain, length)) {
    i = (i + 1) & mask;
    slot = slots + i * SLOT;
  }
  return slot;
}

function isAt(slot: u32, hash: u32, domain: u32, length: u32): bool {
  if (load<u32>(slot, 4) !== hash || load<u32>(slot, 12) !== length) return false;
  return same(load<u32>(slot, 8), domain, length);
}
