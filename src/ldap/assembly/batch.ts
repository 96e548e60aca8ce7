import { findElsewhere } from './domains';

/** Objects that the sink has not been given: the numbers of an `ObjectBatch`, in its order. */
@unmanaged
class ObjectBatch {
  count: u32;
  /** Bytes of DNs. */
  used: u32;
  /** Bytes of DNs that were given before: places count from the first of all. */
  given: u32;
  ids: u32;
  dns: u32;
  dnStarts: u32;
  dnEnds: u32;
}

/** Entries of one selection that the sink has not been given: the numbers of an `EntryBatch`, in its order. */
@unmanaged
class EntryBatch {
  count: u32;
  /** Bytes of keys and values. */
  used: u32;
  /** Bytes that were given before: places count from the first of all. */
  given: u32;
  pool: u32;
  keyStarts: u32;
  keyEnds: u32;
  valueStarts: u32;
  valueEnds: u32;
  objects: u32;
  /** The value of the entry before: its address, 0 where there is none, its place and its length. */
  last: u32;
  lastStart: u32;
  lastLength: u32;
}

/** Appends an object, its id of 16 bytes given and its DN. There has to be room. */
export function appendObject(address: u32, id: u32, dn: u32, length: u32): void {
  const batch = changetype<ObjectBatch>(address);
  v128.store(batch.ids + (batch.count << 4), v128.load(id));
  const column = batch.count << 2;
  const start = batch.given + batch.used;
  store<u32>(batch.dnStarts + column, start);
  store<u32>(batch.dnEnds + column, start + length);
  copy(dn, batch.dns + batch.used, length);
  batch.used += length;
  batch.count++;
}

/**
 * Appends the entries of an object whose keys are the addresses of columns, all of `count` that are in a domain of a set, as `findElsewhere`
 * has it; all in any domain where `slots` is 0. They have one value. There has to be room. Offsets are from `base`.
 *
 * @returns how many are in no domain of the set
 */
export function appendAddresses(
  batch: u32,
  slots: u32,
  mask: u32,
  base: u32,
  starts: u32,
  ats: u32,
  ends: u32,
  count: u32,
  valueStart: u32,
  valueEnd: u32,
  object: u32,
): u32 {
  let elsewhere: u32 = 0;
  for (let from: u32 = 0; from < count; from++) {
    const to = slots === 0 ? count : findElsewhere(slots, mask, base, ats, ends, from, count);
    if (from < to) appendKeys(batch, base, starts, ends, from, to, valueStart, valueEnd, object);
    if (to < count) elsewhere++;
    from = to;
  }
  return elsewhere;
}

/**
 * Appends entries with the keys `[from, to)` of columns, at least one, and one value for all. The keys lie side by side and in order, and may
 * have the value among them, which is not stored again then. There has to be room. Offsets are from `base`.
 */
export function appendKeys(
  address: u32,
  base: u32,
  starts: u32,
  ends: u32,
  from: u32,
  to: u32,
  valueStart: u32,
  valueEnd: u32,
  object: u32,
): void {
  const batch = changetype<EntryBatch>(address);
  const start = load<u32>(starts + (from << 2));
  const end = load<u32>(ends + ((to - 1) << 2));
  const shift = batch.given + batch.used - start;
  copy(base + start, batch.pool + batch.used, end - start);
  batch.used += end - start;
  const length = valueEnd - valueStart;
  if (start <= valueStart && valueEnd <= end) setLast(batch, valueStart + shift, length);
  else appendValue(batch, base + valueStart, length);
  let column = batch.count << 2;
  for (let i = from; i < to; i++, column += 4) {
    store<u32>(batch.keyStarts + column, load<u32>(starts + (i << 2)) + shift);
    store<u32>(batch.keyEnds + column, load<u32>(ends + (i << 2)) + shift);
    store<u32>(batch.valueStarts + column, batch.lastStart);
    store<u32>(batch.valueEnds + column, batch.lastStart + length);
    store<u32>(batch.objects + column, object);
  }
  batch.count += to - from;
}

/** Appends one entry. There has to be room. Offsets are from `base`. */
export function appendEntry(
  address: u32,
  base: u32,
  keyStart: u32,
  keyEnd: u32,
  valueStart: u32,
  valueEnd: u32,
  object: u32,
): void {
  const batch = changetype<EntryBatch>(address);
  const column = batch.count << 2;
  const start = batch.given + batch.used;
  copy(base + keyStart, batch.pool + batch.used, keyEnd - keyStart);
  batch.used += keyEnd - keyStart;
  appendValue(batch, base + valueStart, valueEnd - valueStart);
  store<u32>(batch.keyStarts + column, start);
  store<u32>(batch.keyEnds + column, start + keyEnd - keyStart);
  store<u32>(batch.valueStarts + column, batch.lastStart);
  store<u32>(batch.valueEnds + column, batch.lastStart + batch.lastLength);
  store<u32>(batch.objects + column, object);
  batch.count++;
}

/** A value that is that of the entry before is not stored again. */
function appendValue(batch: EntryBatch, from: u32, length: u32): void {
  if (batch.last !== 0 && batch.lastLength === length && isSame(batch.last, from, length)) return;
  const start = batch.given + batch.used;
  copy(from, batch.pool + batch.used, length);
  batch.used += length;
  setLast(batch, start, length);
}

/** @param start a place in what was not given yet */
function setLast(batch: EntryBatch, start: u32, length: u32): void {
  batch.last = batch.pool + start - batch.given;
  batch.lastStart = start;
  batch.lastLength = length;
}

/** Reads and writes up to 15 bytes beyond the end. */
function copy(from: u32, to: u32, length: u32): void {
  for (let i: u32 = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}

function isSame(a: u32, b: u32, length: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(a + i) !== load<u64>(b + i)) return false;
  for (; i < length; i++) if (load<u8>(a + i) !== load<u8>(b + i)) return false;
  return true;
}
