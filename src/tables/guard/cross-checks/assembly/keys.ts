import { fetchAll, STRETCH } from './fetch';
import { behindLastAt, hashOf, hashWithDomain, isTaken, meet, slotOf } from './texts';

/**
 * Reads `count` keys: writes a number for each to `hashes`, and notes for the domain behind its last `@` that it was met, in that one
 * of the `mask + 1` slots at `slots` that it has. Where it has none, the key's number is written to `out`; one more may be. A key
 * without an `@` is nowhere. The first key's numbers are at `starts` and `ends`; they are offsets from `base`. Numbers count from
 * `first`. May read up to fifteen bytes beyond a key.
 *
 * @returns how many numbers were written to `out`
 */
export function readKeys(
  base: u32,
  starts: u32,
  ends: u32,
  first: u32,
  count: u32,
  slots: u32,
  mask: u32,
  hashes: u32,
  out: u32,
): u32 {
  let at = out;
  for (let i: u32 = 0; i < count; i++) {
    const column = i << 2;
    if (i % STRETCH === 0) fetchAll(base, starts + column, ends + column, min(STRETCH, count - i));
    const start = base + load<u32>(starts + column);
    const end = base + load<u32>(ends + column);
    const domain = behindLastAt(start, end);
    const hash = hashOf(domain, end - domain);
    store<u32>(hashes + column, hashWithDomain(start, domain, hash));
    if (domain === start) continue;
    const slot = slotOf(domain, end - domain, hash, slots, mask);
    meet(slot);
    store<u32>(at, first + i);
    at += (<u32>!isTaken(slot)) << 2;
  }
  return (at - out) >> 2;
}
