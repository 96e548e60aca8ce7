import { copyLoosely } from '../../assembly/bytes';
import { fetchEntries, keyEnd, keyStart, PLACE, valueEnd, valueStart } from '../../assembly/entry';

/** The columns that `layOut` writes to. */
let keyStarts: u32 = 0;
let keyEnds: u32 = 0;
let valueStarts: u32 = 0;
let valueEnds: u32 = 0;
/** Entries that are fetched at a time. */
const STRETCH: u32 = 256;

export function setTarget(keys: u32, keyStops: u32, values: u32, valueStops: u32): void {
  keyStarts = keys;
  keyEnds = keyStops;
  valueStarts = values;
  valueEnds = valueStops;
}

/**
 * Copies keys and values to `out`, one behind the other, and writes where they are to the columns from number `first` on, as offsets
 * from `base`. What is up to 32 bytes behind them may change.
 *
 * @returns the address behind them
 */
export function layOut(places: u32, count: u32, first: u32, out: u32, base: u32): u32 {
  let at = out;
  for (let i: u32 = 0; i < count; i++) {
    const place = places + i * PLACE;
    if (i % STRETCH === 0) fetchEntries(place, min(STRETCH, count - i));
    const column = (first + i) << 2;
    const key = keyEnd(place) - keyStart(place);
    const value = valueEnd(place) - valueStart(place);
    store<u32>(keyStarts + column, at - base);
    copyLoosely(at, keyStart(place), key);
    at += key;
    store<u32>(keyEnds + column, at - base);
    store<u32>(valueStarts + column, at - base);
    copyLoosely(at, valueStart(place), value);
    at += value;
    store<u32>(valueEnds + column, at - base);
  }
  return at;
}

/** Writes where entries are to the columns from number `first` on, as offsets from `base`. */
export function putColumns(places: u32, count: u32, first: u32, base: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const place = places + i * PLACE;
    const column = (first + i) << 2;
    store<u32>(keyStarts + column, keyStart(place) - base);
    store<u32>(keyEnds + column, keyEnd(place) - base);
    store<u32>(valueStarts + column, valueStart(place) - base);
    store<u32>(valueEnds + column, valueEnd(place) - base);
  }
}
