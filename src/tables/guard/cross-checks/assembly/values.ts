import { same } from '../../../../dbm/assembly/bytes';
import { fetch, STRETCH } from './fetch';
import { behindLastAt, hashOf, hashWithDomain, isTaken, slotOf } from './texts';

/**
 * A chain that comes to some places is at its end: where a value starts that is its own key, or is in another's domain. For each place
 * of the pool there is a bit, which these loops set. Columns are the addresses of the numbers of the first of `count` entries, which
 * are offsets from `base`; numbers of entries count from `first`, and of what is written to, one more may be.
 */

/** Marks values that are stored where their own keys are, and writes the entries to `out`. @returns how many there are */
export function markOwnPlaces(
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
  first: u32,
  count: u32,
  ends: u32,
  out: u32,
): u32 {
  let at = out;
  for (let i: u32 = 0; i < count; i++) {
    const column = i << 2;
    const value = load<u32>(valueStarts + column);
    const end = load<u32>(valueEnds + column);
    if (value !== load<u32>(keyStarts + column) || end !== load<u32>(keyEnds + column)) continue;
    mark(ends, value, end);
    store<u32>(at, first + i);
    at += 4;
  }
  return (at - out) >> 2;
}

/**
 * Marks values whose domain has none of the `mask + 1` slots at `slots`. Uses room at `list` for `STRETCH + 1` numbers. May read up to
 * fifteen bytes beyond a value.
 *
 * @returns 1 if there is any value that is not marked
 */
export function markElsewhere(
  base: u32,
  valueStarts: u32,
  valueEnds: u32,
  count: u32,
  ends: u32,
  slots: u32,
  mask: u32,
  list: u32,
): u32 {
  let left: u32 = 0;
  for (let from: u32 = 0; from < count; from += STRETCH) {
    const open = chooseToRead(valueStarts, from, min(STRETCH, count - from), ends, list);
    fetch(base, valueStarts, valueEnds, list, open);
    for (let at = list; at < list + (open << 2); at += 4) {
      const column = load<u32>(at) << 2;
      const start = load<u32>(valueStarts + column);
      const end = load<u32>(valueEnds + column);
      const domain = behindLastAt(base + start, base + end);
      const length = base + end - domain;
      if (isTaken(slotOf(domain, length, hashOf(domain, length), slots, mask))) left = 1;
      else mark(ends, start, end);
    }
  }
  return left;
}

/** Of the entries `[from, from + count)` those whose values start where no bit is set, one of neighbours that share theirs. */
function chooseToRead(valueStarts: u32, from: u32, count: u32, ends: u32, out: u32): u32 {
  let at = out;
  let last: u32 = ~0;
  for (let i = from; i < from + count; i++) {
    const start = load<u32>(valueStarts + (i << 2));
    store<u32>(at, i);
    at += (<u32>(start !== last) & <u32>!isMarked(ends, start)) << 2;
    last = start;
  }
  return (at - out) >> 2;
}

/** Writes to `out` the entries whose values are not marked. @returns how many there are */
export function chooseUnmarked(valueStarts: u32, first: u32, count: u32, ends: u32, out: u32): u32 {
  let at = out;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(at, first + i);
    at += (<u32>!isMarked(ends, load<u32>(valueStarts + (i << 2)))) << 2;
  }
  return (at - out) >> 2;
}

/**
 * Of `count` entries of a list marks the values of those whose value is their own key, and writes these entries to `out`. The columns
 * are those of all entries. May read up to seven bytes beyond a text.
 */
export function markOwnTexts(
  base: u32,
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
  list: u32,
  count: u32,
  ends: u32,
  out: u32,
): u32 {
  let at = out;
  for (let i: u32 = 0; i < count; i++) {
    const entry = load<u32>(list + (i << 2));
    const column = entry << 2;
    const key = load<u32>(keyStarts + column);
    const value = load<u32>(valueStarts + column);
    const end = load<u32>(valueEnds + column);
    if (load<u32>(keyEnds + column) - key !== end - value) continue;
    if (!same(base + key, base + value, end - value)) continue;
    mark(ends, value, end);
    store<u32>(at, entry);
    at += 4;
  }
  return (at - out) >> 2;
}

/** Takes from a list of `count` entries those whose values are marked. The column is that of all entries. @returns how many are left */
export function dropMarked(valueStarts: u32, list: u32, count: u32, ends: u32): u32 {
  let left: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const entry = load<u32>(list + (i << 2));
    store<u32>(list + (left << 2), entry);
    left += <u32>!isMarked(ends, load<u32>(valueStarts + (entry << 2)));
  }
  return left;
}

/**
 * Writes to `out` a number for the value of each of `count` entries of a list: that which an equal key has. The columns are those of
 * all entries. May read up to fifteen bytes beyond a value.
 */
export function hashValues(
  base: u32,
  valueStarts: u32,
  valueEnds: u32,
  list: u32,
  count: u32,
  out: u32,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = i << 2;
    if (i % STRETCH === 0) fetch(base, valueStarts, valueEnds, list + at, min(STRETCH, count - i));
    const column = load<u32>(list + at) << 2;
    const start = base + load<u32>(valueStarts + column);
    const end = base + load<u32>(valueEnds + column);
    const domain = behindLastAt(start, end);
    store<u32>(out + at, hashWithDomain(start, domain, hashOf(domain, end - domain)));
  }
}

/** Marks where a value starts. Where an empty one is, another may start. */
function mark(bits: u32, start: u32, end: u32): void {
  if (start === end) return;
  const byte = bits + (start >> 3);
  store<u8>(byte, load<u8>(byte) | ((<u8>1) << (<u8>(start & 7))));
}

function isMarked(bits: u32, place: u32): bool {
  return ((<u32>load<u8>(bits + (place >> 3)) >> (place & 7)) & 1) !== 0;
}
