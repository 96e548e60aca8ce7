import { keyEnd, keyStart, PLACE, valueEnd, valueStart } from '../../../dbm/assembly/entry';

/** Writes the numbers of a column in the order of some entries. */
export function gather(column: u32, order: u32, count: u32, out: u32): void {
  for (let i: u32 = 0, end = count << 2; i < end; i += 4)
    store<u32>(out + i, load<u32>(column + (load<u32>(order + i) << 2)));
}

/** Writes the offsets from `base` of places, in an order, to columns. */
export function gatherPlaces(
  places: u32,
  order: u32,
  count: u32,
  base: u32,
  keyStarts: u32,
  keyEnds: u32,
  valueStarts: u32,
  valueEnds: u32,
): void {
  for (let i: u32 = 0, end = count << 2; i < end; i += 4) {
    const place = places + load<u32>(order + i) * PLACE;
    store<u32>(keyStarts + i, keyStart(place) - base);
    store<u32>(keyEnds + i, keyEnd(place) - base);
    store<u32>(valueStarts + i, valueStart(place) - base);
    store<u32>(valueEnds + i, valueEnd(place) - base);
  }
}
