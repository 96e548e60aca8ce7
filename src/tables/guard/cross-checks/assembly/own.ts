import { same } from '../../../../dbm/assembly/bytes';
import { fetched } from './fetch';

/**
 * Looks at `count` entries for those whose value is their own key, and sets in the bits at `own` the one that has the number of the
 * place where the value starts. The first entry's numbers are at the addresses of the columns; they are offsets from `base`.
 * The numbers of such entries, which count from `first`, are written to `out`; one more may be. May read up to seven bytes beyond a
 * text.
 *
 * @returns how many there are
 */
export function markOwn(
  base: u32,
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
  first: u32,
  count: u32,
  own: u32,
  out: u32,
): u32 {
  const candidates = chooseEquallyLong(base, keyStarts, keyEnds, valueStarts, valueEnds, count, out);
  let at = out;
  for (let candidate = out, end = out + (candidates << 2); candidate < end; candidate += 4) {
    const i = load<u32>(candidate);
    const column = i << 2;
    const key = load<u32>(keyStarts + column);
    const value = load<u32>(valueStarts + column);
    if (key !== value && !same(base + key, base + value, load<u32>(keyEnds + column) - key)) continue;
    const byte = own + (value >> 3);
    store<u8>(byte, load<u8>(byte) | ((<u8>1) << (<u8>(value & 7))));
    store<u32>(at, first + i);
    at += 4;
  }
  return (at - out) >> 2;
}

/** Those whose key and value have the same length. Their bytes, which lie scattered, are fetched: many of them at once. */
function chooseEquallyLong(
  base: u32,
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
  count: u32,
  out: u32,
): u32 {
  let at = out;
  let bytes: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const column = i << 2;
    const key = load<u32>(keyStarts + column);
    const value = load<u32>(valueStarts + column);
    if (load<u32>(keyEnds + column) - key !== load<u32>(valueEnds + column) - value) continue;
    // A directory's value that is one of its object's keys is stored where that is.
    if (key !== value) bytes ^= load<u8>(base + key) ^ load<u8>(base + value);
    store<u32>(at, i);
    at += 4;
  }
  fetched(bytes);
  return (at - out) >> 2;
}

/** Of `count` entries writes the numbers of those to `out` whose values start elsewhere than where bits are set. @returns how many */
export function chooseNotToOwn(valueStarts: u32, first: u32, count: u32, own: u32, out: u32): u32 {
  let at = out;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u32>(valueStarts + (i << 2));
    store<u32>(at, first + i);
    at += (((<u32>load<u8>(own + (value >> 3)) >> (value & 7)) & 1) ^ 1) << 2;
  }
  return (at - out) >> 2;
}
