/** Texts whose bytes are fetched at a time. */
export const STRETCH: u32 = 64;

/** Means nothing: without it a loop that fetches would be none. */
export let touched: u32 = 0;

/** Is told what bytes came to that were only fetched. */
export function fetched(bytes: u32): void {
  touched ^= bytes;
}

/** Texts lie scattered: a loop that does nothing else waits for many of them at once. */
export function fetch(base: u32, starts: u32, count: u32): void {
  let bytes: u32 = 0;
  for (let column: u32 = 0; column < count << 2; column += 4) {
    bytes ^= load<u8>(base + load<u32>(starts + column));
  }
  fetched(bytes);
}
