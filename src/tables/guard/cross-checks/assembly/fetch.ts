/** Texts whose bytes are fetched at a time. */
export const STRETCH: u32 = 128;

/** Means nothing: without it a loop that fetches would be none. */
export let touched: u32 = 0;

/** Texts lie scattered: a loop that does nothing else waits for many of them at once. Reads the byte behind each, too. */
export function fetchAll(base: u32, starts: u32, ends: u32, count: u32): void {
  let bytes: u32 = 0;
  for (let column: u32 = 0; column < count << 2; column += 4) {
    bytes ^= load<u8>(base + load<u32>(starts + column)) ^ load<u8>(base + load<u32>(ends + column));
  }
  touched ^= bytes;
}

/** Likewise for the texts of the entries in a list. */
export function fetch(base: u32, starts: u32, ends: u32, list: u32, count: u32): void {
  let bytes: u32 = 0;
  for (let at = list; at < list + (count << 2); at += 4) {
    const column = load<u32>(at) << 2;
    bytes ^= load<u8>(base + load<u32>(starts + column)) ^ load<u8>(base + load<u32>(ends + column));
  }
  touched ^= bytes;
}
