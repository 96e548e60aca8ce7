import { commonBytes, compareKeys, keyLength, wordOf } from './keys';

/** What is sorted: eight bytes of a key as a number, and the number of its entry. */
const ITEM: u32 = 16;
const WORD: u32 = 8;
/** Up to here they are sorted by insertion. */
const SMALL: u32 = 20;
/** Where keys agree in more bytes, they are no longer sorted word by word: the stack has an end. */
const DEEP: u32 = 1024;
/** Bits of the longest digit, and the numbers that it can be. */
const MOST_BITS: u32 = 12;
const DIGITS: u32 = 1 << MOST_BITS;

/** Whether a key was met twice. */
let repeats: bool = false;
let counters: u32 = 0;
/** How far behind an item its place in the spare memory is. */
let spare: u32 = 0;

/** What `sortRun` needs as `room`, in bytes. */
export function sortingRoom(count: u32): u32 {
  return 4 * DIGITS + 2 * ITEM * count;
}

/**
 * Writes the numbers of the entries `[from, to)` to `order`, in the order of their keys' bytes; those with the same key stay in
 * their order.
 *
 * @returns 0 where each key is there once
 */
export function sortRun(from: u32, to: u32, order: u32, room: u32): u32 {
  const count = to - from;
  const items = room + 4 * DIGITS;
  repeats = false;
  counters = room;
  spare = ITEM * count;
  for (let i: u32 = 0; i < count; i++) store<u32>(items + i * ITEM, from + i, WORD);
  takeWords(items, count, 0);
  sortWords(items, count, 0);
  for (let i: u32 = 0; i < count; i++) store<u32>(order + (i << 2), load<u32>(items + i * ITEM, WORD));
  return <u32>repeats;
}

/** Gives items the words of their keys behind the first `depth` bytes. */
function takeWords(items: u32, count: u32, depth: u32): void {
  const end = items + count * ITEM;
  for (let item = items; item < end; item += ITEM) store<u64>(item, wordOf(load<u32>(item, WORD), depth));
}

/** A bit for each one in which not all words are the same. */
function differences(items: u32, count: u32): u64 {
  const first = load<u64>(items);
  let bits: u64 = 0;
  for (let item = items, end = items + count * ITEM; item < end; item += ITEM)
    bits |= load<u64>(item) ^ first;
  return bits;
}

/** Sorts keys that agree in `depth` bytes; their items have the words behind these. */
function sortWords(items: u32, count: u32, depth: u32): void {
  if (count <= SMALL) {
    sortFew(items, count, depth);
    return;
  }
  const bits = 64 - <u32>clz(differences(items, count));
  if (bits === 0) {
    sortSame(items, count, depth);
    return;
  }
  const digit = min(min(bits, MOST_BITS), 31 - clz(count));
  const shift = bits - digit;
  if (scatter(items, count, shift, digit) <= SMALL) {
    sortFew(items, count, depth);
    return;
  }
  for (let item = items, end = items + count * ITEM; item < end; ) {
    const next = nextDigit(item, end, shift);
    if (next - item > ITEM) sortWords(item, (next - item) / ITEM, depth);
    item = next;
  }
}

/** The first item from `item` on whose word has other bits from `shift` on, or the end. */
function nextDigit(item: u32, end: u32, shift: u32): u32 {
  const digit = load<u64>(item) >> shift;
  let next = item + ITEM;
  while (next < end && load<u64>(next) >> shift === digit) next += ITEM;
  return next;
}

function copyItem(to: u32, from: u32): void {
  v128.store(to, v128.load(from));
}

/** Puts items into the order of a digit of so many bits, above which their words are the same. Returns how many have the same one, at most. */
function scatter(items: u32, count: u32, shift: u32, bits: u32): u32 {
  const end = items + count * ITEM;
  const digits: u32 = 1 << bits;
  memory.fill(counters, 0, digits << 2);
  for (let item = items; item < end; item += ITEM) {
    const counter = counterOf(item, shift, digits);
    store<u32>(counter, load<u32>(counter) + ITEM);
  }
  let place = items + spare;
  let most: u32 = 0;
  for (let counter = counters, last = counters + (digits << 2); counter < last; counter += 4) {
    const bytes = load<u32>(counter);
    store<u32>(counter, place);
    place += bytes;
    most = max(most, bytes);
  }
  for (let item = items; item < end; item += ITEM) {
    const counter = counterOf(item, shift, digits);
    const to = load<u32>(counter);
    copyItem(to, item);
    store<u32>(counter, to + ITEM);
  }
  memory.copy(items, items + spare, count * ITEM);
  return most / ITEM;
}

function counterOf(item: u32, shift: u32, digits: u32): u32 {
  return counters + ((<u32>(load<u64>(item) >> shift) & (digits - 1)) << 2);
}

function sortFew(items: u32, count: u32, depth: u32): void {
  const end = items + count * ITEM;
  for (let next = items + ITEM; next < end; next += ITEM) {
    const word = load<u64>(next);
    const entry = load<u32>(next, WORD);
    let item = next;
    for (; item > items && load<u64>(item - ITEM) > word; item -= ITEM) copyItem(item, item - ITEM);
    store<u64>(item, word);
    store<u32>(item, entry, WORD);
  }
  for (let item = items; item < end; ) {
    const word = load<u64>(item);
    let next = item + ITEM;
    while (next < end && load<u64>(next) === word) next += ITEM;
    if (next - item > ITEM) sortSame(item, (next - item) / ITEM, depth);
    item = next;
  }
}

/** Sorts keys that have the same word behind the first `depth` bytes. */
function sortSame(items: u32, count: u32, depth: u32): void {
  if (count === 2) {
    sortTwo(items, depth);
    return;
  }
  const common = commonDepth(items, count, depth);
  if (common > DEEP) {
    mergeSort(items, count, common);
  } else if (common < depth + 8) {
    const ended = moveEnded(items, count, depth);
    if (count - ended > 1) sortSame(items + ended * ITEM, count - ended, depth);
  } else {
    takeWords(items, count, common);
    sortWords(items, count, common);
  }
}

function sortTwo(items: u32, depth: u32): void {
  const a = load<u32>(items, WORD);
  const b = load<u32>(items + ITEM, WORD);
  if (compare(a, b, depth) <= 0) return;
  store<u32>(items, b, WORD);
  store<u32>(items + ITEM, a, WORD);
}

function compare(a: u32, b: u32, depth: u32): i32 {
  const order = compareKeys(a, b, depth);
  if (order === 0) repeats = true;
  return order;
}

/** In how many bytes keys agree that agree in `depth`. */
function commonDepth(items: u32, count: u32, depth: u32): u32 {
  const first = load<u32>(items, WORD);
  let common = keyLength(first) - depth;
  for (let item = items + ITEM, end = items + count * ITEM; item < end; item += ITEM)
    common = min(common, commonBytes(first, load<u32>(item, WORD), depth));
  return depth + common;
}

/**
 * Of keys with the same word behind the first `depth` bytes, moves those that end with it, or before, to the front, the shorter
 * ones first. Returns how many they are: one at least. Words are not what they were.
 */
function moveEnded(items: u32, count: u32, depth: u32): u32 {
  const end = items + count * ITEM;
  for (let item = items; item < end; item += ITEM)
    store<u64>(item, min(keyLength(load<u32>(item, WORD)) - depth, 9));
  scatter(items, count, 0, 4);
  let item = items;
  for (; item < end && load<u64>(item) <= 8; item += ITEM)
    if (item > items && load<u64>(item) === load<u64>(item - ITEM)) repeats = true;
  return (item - items) / ITEM;
}

/** Sorts keys that agree in `depth` bytes by comparing them. */
function mergeSort(items: u32, count: u32, depth: u32): void {
  if (count < 2) return;
  const half = count >> 1;
  const middle = items + half * ITEM;
  const end = items + count * ITEM;
  mergeSort(items, half, depth);
  mergeSort(middle, count - half, depth);
  let left = items;
  let right = middle;
  let out = items + spare;
  for (; left < middle && right < end; out += ITEM) {
    if (compare(load<u32>(left, WORD), load<u32>(right, WORD), depth) <= 0) {
      copyItem(out, left);
      left += ITEM;
    } else {
      copyItem(out, right);
      right += ITEM;
    }
  }
  memory.copy(out, left, middle - left);
  memory.copy(items, items + spare, right - items);
}
