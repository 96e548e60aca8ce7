/** Writes the numbers of a column in the order of some entries. */
export function gather(column: u32, order: u32, count: u32, out: u32): void {
  for (let i: u32 = 0, end = count << 2; i < end; i += 4)
    store<u32>(out + i, load<u32>(column + (load<u32>(order + i) << 2)));
}
