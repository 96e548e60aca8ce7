/** Bytes of all items without a NUL, and the longest one, of two columns that tell where they begin and end. */
export function measureItems(starts: u32, ends: u32, count: u32): u64 {
  longest = 0;
  let sum: u64 = 0;
  for (let column: u32 = 0, end = count << 2; column < end; column += 4) {
    const length = load<u32>(ends + column) - load<u32>(starts + column);
    sum += length;
    longest = max(longest, length);
  }
  return sum;
}

let longest: u32 = 0;

/** The longest item that `measureItems` met. */
export function longestItem(): u32 {
  return longest;
}
