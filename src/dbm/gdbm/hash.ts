/**
 * gdbm's hash of `bytes[start, end)`: a number of 31 bits. gdbm adds up C's
 * `char`, whose sign differs between machines; this is the one with a sign, as on x86, where it matters from byte 128 on.
 */
export function hashKey(bytes: Uint8Array, start: number, end: number): number {
  let hash = Math.imul(0x238f13af, end - start);
  let shift = 0;
  for (let i = start; i < end; i++) {
    hash = (hash + (((bytes[i] << 24) >> 24) << shift)) | 0;
    shift += 5;
    if (shift >= 24) shift -= 24;
  }
  return (Math.imul(1103515243, hash & 0x7fffffff) + 12345) & 0x7fffffff;
}
