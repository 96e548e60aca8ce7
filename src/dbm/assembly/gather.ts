import {
  copyPlace,
  HASH,
  KEY_END,
  KEY_START,
  NUMBER,
  numberOf,
  PLACE,
  VALUE_END,
  VALUE_START,
} from './entry';

/** The columns of a table, which begin at these addresses; offsets count from `base`. */
let base: u32 = 0;
let keyStarts: u32 = 0;
let keyEnds: u32 = 0;
let valueStarts: u32 = 0;
let valueEnds: u32 = 0;
/** Columns of a number and a hash an entry. */
let numbers: u32 = 0;
let hashes: u32 = 0;

export function setColumns(pool: u32, keys: u32, keyStops: u32, values: u32, valueStops: u32): void {
  base = pool;
  keyStarts = keys;
  keyEnds = keyStops;
  valueStarts = values;
  valueEnds = valueStops;
}

/** Where the keys of four entries are, the first of which has its numbers at `column`; 0 instead of those from `end` on. */
export function fourKeys(column: u32, end: u32): v128 {
  return i32x4.add(v128.and(v128.load(keyStarts + column), before(column, end)), i32x4.splat(base));
}

/** Likewise how long they are. May read twelve bytes beyond the columns' ends. */
export function fourKeyLengths(column: u32, end: u32): v128 {
  const lengths = i32x4.sub(v128.load(keyEnds + column), v128.load(keyStarts + column));
  return v128.and(lengths, before(column, end));
}

function before(column: u32, end: u32): v128 {
  return i32x4.gt_s(i32x4.splat((end - column) >> 2), i32x4(0, 1, 2, 3));
}

export function setNumbers(numberColumn: u32, hashColumn: u32): void {
  numbers = numberColumn;
  hashes = hashColumn;
}

/** Where the key of an entry is that has its numbers at `column`, and how long it is. */
export function key(column: u32): u32 {
  return base + load<u32>(keyStarts + column);
}

export function keyLength(column: u32): u32 {
  return load<u32>(keyEnds + column) - load<u32>(keyStarts + column);
}

/** Adds to the numbers at `groups`, one a group of `2 ** shift` numbers, those of the entries `[from, to)` that are its own. */
export function countByGroup(from: u32, to: u32, shift: u32, groups: u32): void {
  for (let column = from << 2, end = to << 2; column < end; column += 4) {
    const group = groups + ((load<u32>(numbers + column) >> shift) << 2);
    store<u32>(group, load<u32>(group) + 1);
  }
}

/**
 * Notes the places of those of the entries `[from, to)` that are in the groups `[first, last)` of `2 ** shift` numbers at the addresses
 * that stand at `ends`, one a group; then these are the ones behind each group's last place. `chosen` has room for a number an entry,
 * and one.
 */
export function placeInGroups(
  from: u32,
  to: u32,
  shift: u32,
  first: u32,
  last: u32,
  ends: u32,
  chosen: u32,
): void {
  const found = chooseEntries(from, to, shift, first, last - first, chosen);
  for (let i: u32 = 0; i < found; i++) placeInGroup(load<u32>(chosen + (i << 2)), shift, first, ends);
}

/** Notes the entries of the groups. Every entry is stored, and the next one over it unless it counts: nothing to guess about. */
function chooseEntries(from: u32, to: u32, shift: u32, first: u32, groups: u32, chosen: u32): u32 {
  let at = chosen;
  for (let column = from << 2, end = to << 2; column < end; column += 4) {
    store<u32>(at, column);
    at += (<u32>((load<u32>(numbers + column) >> shift) - first < groups)) << 2;
  }
  return (at - chosen) >> 2;
}

function placeInGroup(column: u32, shift: u32, first: u32, ends: u32): void {
  const number = load<u32>(numbers + column);
  const end = ends + (((number >> shift) - first) << 2);
  const place = load<u32>(end);
  putPlace(place, column);
  store<u32>(place, number, NUMBER);
  store<u32>(place, load<u32>(hashes + column), HASH);
  store<u32>(end, place + PLACE);
}

function putPlace(place: u32, column: u32): void {
  store<u32>(place, base + load<u32>(keyStarts + column), KEY_START);
  store<u32>(place, base + load<u32>(keyEnds + column), KEY_END);
  store<u32>(place, base + load<u32>(valueStarts + column), VALUE_START);
  store<u32>(place, base + load<u32>(valueEnds + column), VALUE_END);
}

/**
 * Sorts the places of a group by bucket, which is `2 ** shift` numbers from `first` on; in a bucket they stay in their order. Those
 * of bucket `b` get the places from number `starts[b]` to `starts[b + 1]`; `starts` has room for two numbers more than there are
 * buckets.
 */
export function placeGroup(
  group: u32,
  end: u32,
  first: u32,
  shift: u32,
  buckets: u32,
  starts: u32,
  places: u32,
): void {
  const next = starts + 4;
  memory.fill(starts, 0, (buckets + 2) << 2);
  for (let place = group; place < end; place += PLACE) {
    const counter = next + (((numberOf(place) - first) >> shift) << 2);
    store<u32>(counter, load<u32>(counter, 4) + 1, 4);
  }
  for (let counter = starts, last = next + (buckets << 2); counter < last; counter += 4) {
    store<u32>(counter, load<u32>(counter) + load<u32>(counter, 4), 4);
  }
  for (let place = group; place < end; place += PLACE) {
    const counter = next + (((numberOf(place) - first) >> shift) << 2);
    const number = load<u32>(counter);
    store<u32>(counter, number + 1);
    copyPlace(places + number * PLACE, place);
  }
}

/** The places of every `step`-th entry from number `from` on, before number `to`. */
export function placeEntries(from: u32, to: u32, step: u32, places: u32): void {
  let place = places;
  for (let i = from; i < to; i += step, place += PLACE) putPlace(place, i << 2);
}
