/** Whether any of some bytes is an ASCII control character. Reads up to 15 bytes beyond their end. */
export function hasControl(from: u32, end: u32): bool {
  for (let at = from; at < end; at += 16) {
    const bytes = v128.load(at);
    const control = v128.or(i8x16.lt_u(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0x7f)));
    const own = end - at >= 16 ? 0xffff : (1 << (end - at)) - 1;
    if ((i8x16.bitmask(control) & own) !== 0) return true;
  }
  return false;
}
