const OCTET_STRING: u32 = 0x04;
const SEQUENCE: u32 = 0x30;
const SET: u32 = 0x31;
/** The number of a column whose values nobody wants. */
const IGNORED: i32 = -1;

/** Addresses of attribute names, their lengths, and the columns that their values go to: three numbers each. */
let spellings: u32 = 0;
let spellingCount: u32 = 0;

export function setSpellings(at: u32, count: u32): void {
  spellings = at;
  spellingCount = count;
}

/** Where the contents of the element that was last entered end; 0 where it was malformed. */
export let contentsEnd: u32 = 0;

let dn: u32 = 0;
let columnCount: u32 = 0;
/** The number of each column's first value, and how many it has. */
export let firsts: u32 = 0;
export let counts: u32 = 0;
/** Where values start and end. */
export let valueStarts: u32 = 0;
export let valueEnds: u32 = 0;

/** Says where `decodeEntry` puts what it finds. @param dnRange for the place where the DN starts and the one where it ends */
export function setColumns(
  dnRange: u32,
  columns: u32,
  firstColumn: u32,
  countColumn: u32,
  startColumn: u32,
  endColumn: u32,
): void {
  dn = dnRange;
  columnCount = columns;
  firsts = firstColumn;
  counts = countColumn;
  valueStarts = startColumn;
  valueEnds = endColumn;
}

/**
 * Decodes the contents of a SearchResultEntry, as `EntryColumns` does. All offsets are from `base`.
 *
 * @returns false where it is malformed, or has an attribute twice, or under a name that no spelling has
 */
export function decodeEntry(base: u32, from: u32, until: u32): bool {
  const end = base + until;
  memory.fill(counts, 0, columnCount << 2);
  let at = enter(base + from, end, OCTET_STRING);
  if (at === 0) return false;
  store<u32>(dn, at - base);
  store<u32>(dn, contentsEnd - base, 4);
  at = enter(contentsEnd, end, SEQUENCE);
  if (at === 0 || contentsEnd !== end) return false;
  let values: u32 = 0;
  let guess: u32 = 0;
  while (at < end) {
    at = enter(at, end, SEQUENCE);
    if (at === 0) return false;
    const attributeEnd = contentsEnd;
    const name = enter(at, attributeEnd, OCTET_STRING);
    if (name === 0) return false;
    const nameEnd = contentsEnd;
    guess = spellingOf(name, nameEnd - name, guess);
    if (guess === spellingCount) return false;
    const column = load<i32>(spellings + guess * 12, 8);
    guess++;
    at = enter(nameEnd, attributeEnd, SET);
    if (at === 0 || contentsEnd !== attributeEnd) return false;
    if (column === IGNORED) {
      at = attributeEnd;
      continue;
    }
    if (load<u32>(counts + (column << 2)) > 0) return false;
    const first = values;
    while (at < attributeEnd) {
      at = enter(at, attributeEnd, OCTET_STRING);
      if (at === 0) return false;
      store<u32>(valueStarts + (values << 2), at - base);
      at = contentsEnd;
      store<u32>(valueEnds + (values << 2), at - base);
      values++;
    }
    store<u32>(firsts + (column << 2), first);
    store<u32>(counts + (column << 2), values - first);
  }
  return true;
}

/** @returns where the contents of the element at `at` start, which leaves their end in `contentsEnd`; 0 where it is malformed */
export function enter(at: u32, end: u32, tag: u32): u32 {
  if (at + 2 > end || load<u8>(at) !== tag) return 0;
  let start = at + 2;
  let length: u32 = load<u8>(at, 1);
  if (length >= 0x80) {
    const octets = length - 0x80;
    if (octets - 1 >= 4 || start + octets > end) return 0;
    length = 0;
    for (const stop = start + octets; start < stop; start++) length = (length << 8) | load<u8>(start);
  }
  if (length > end - start) return 0;
  contentsEnd = start + length;
  return start;
}

/** A server keeps an order, so the one after the last is nearly always right. @returns the number of spellings for one that is new */
function spellingOf(name: u32, length: u32, guess: u32): u32 {
  if (guess < spellingCount && isSpelled(guess, name, length)) return guess;
  for (let i: u32 = 0; i < spellingCount; i++) if (isSpelled(i, name, length)) return i;
  return spellingCount;
}

function isSpelled(spelling: u32, name: u32, length: u32): bool {
  const known = spellings + spelling * 12;
  if (load<u32>(known, 4) !== length) return false;
  const bytes = load<u32>(known);
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(bytes + i) !== load<u64>(name + i)) return false;
  for (; i < length; i++) if (load<u8>(bytes + i) !== load<u8>(name + i)) return false;
  return true;
}
