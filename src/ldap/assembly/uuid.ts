const HYPHEN: u32 = 0x2d;

/**
 * Parses a UUID's text (RFC 4122), 36 bytes in either case. Writes its sixteen bytes to `to`.
 *
 * @returns false for what is none; then nothing is written
 */
export function readUuid(from: u32, to: u32): bool {
  const hyphens =
    (load<u8>(from, 8) ^ HYPHEN) |
    (load<u8>(from, 13) ^ HYPHEN) |
    (load<u8>(from, 18) ^ HYPHEN) |
    (load<u8>(from, 23) ^ HYPHEN);
  if (hyphens !== 0) return false;
  const a = v128.load(from);
  const b = v128.load(from, 16);
  const c = v128.load32_splat(from, 32);
  const first = i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17);
  const second = i8x16.shuffle(b, c, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
  if (!areDigits(first) || !areDigits(second)) return false;
  v128.store(to, i8x16.narrow_i16x8_u(bytesOf(first), bytesOf(second)));
  return true;
}

function isDecimal(digits: v128): v128 {
  return i8x16.lt_u(i8x16.sub(digits, i8x16.splat(0x30)), i8x16.splat(10));
}

/** Letters in lower case. */
function folded(digits: v128): v128 {
  return v128.or(digits, i8x16.splat(0x20));
}

function areDigits(digits: v128): bool {
  const isLetter = i8x16.lt_u(i8x16.sub(folded(digits), i8x16.splat(0x61)), i8x16.splat(6));
  return i8x16.all_true(v128.or(isDecimal(digits), isLetter));
}

/** Of sixteen hexadecimal digits eight bytes, each as a number of 16 bits. */
function bytesOf(digits: v128): v128 {
  const values = v128.bitselect(
    i8x16.sub(digits, i8x16.splat(0x30)),
    i8x16.sub(folded(digits), i8x16.splat(0x57)),
    isDecimal(digits),
  );
  const high = v128.and(i16x8.shl(values, 4), i16x8.splat(0xf0));
  return v128.or(high, i16x8.shr_u(values, 8));
}
