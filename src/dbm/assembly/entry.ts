/** What of an entry its bucket needs, in 16 bytes: the addresses of its key, of the key's end, of its value, of the value's end. */
export const PLACE: u32 = 16;

export function keyStart(place: u32): u32 {
  return load<u32>(place);
}

export function keyEnd(place: u32): u32 {
  return load<u32>(place, 4);
}

export function valueStart(place: u32): u32 {
  return load<u32>(place, 8);
}

export function valueEnd(place: u32): u32 {
  return load<u32>(place, 12);
}

export function copyPlace(to: u32, from: u32): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
}
