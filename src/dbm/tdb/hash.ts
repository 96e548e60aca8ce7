/** tdb's first hash of `bytes[start, end)`. An unsigned 32-bit number. */
export function hashKey(bytes: Uint8Array, start: number, end: number): number {
  let hash = Math.imul(0x238f13af, end - start);
  let shift = 0;
  for (let i = start; i < end; i++) {
    hash = (hash + (bytes[i] << shift)) | 0;
    shift += 5;
    if (shift >= 24) shift -= 24;
  }
  return (Math.imul(1103515243, hash) + 12345) >>> 0;
}
