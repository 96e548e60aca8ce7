/** The sum of a number for each page, in which each of its bytes and their order count. */
export function checksum(pages: u32, size: u32, pageSize: u32): u64 {
  const PRIME: u64 = ((<u64>0x9e3779b9) << 32) | 0x7f4a7c15;
  let sum: u64 = 0;
  for (let page = pages, end = pages + size; page < end; page += pageSize) {
    let a: u64 = 1;
    let b: u64 = 2;
    let c: u64 = 3;
    let d: u64 = 4;
    for (let at = page, stop = page + pageSize; at < stop; at += 32) {
      a = (a ^ load<u64>(at)) * PRIME;
      b = (b ^ load<u64>(at, 8)) * PRIME;
      c = (c ^ load<u64>(at, 16)) * PRIME;
      d = (d ^ load<u64>(at, 24)) * PRIME;
    }
    sum += (a ^ rotl<u64>(b, 17)) * PRIME + (c ^ rotl<u64>(d, 31)) * (PRIME - 2);
  }
  return sum;
}
