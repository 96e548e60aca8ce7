/** The polynomial of CRC-32 but for its highest term; the most significant bit of a number stands for x to the power of 0. */
const POLYNOMIAL = 0xedb88320;
/** The polynomials 1 and x. */
const ONE = 0x80000000;
const X = 0x40000000;

/**
 * The CRC-32 of a run of bytes in which some have changed. All of it is linear: what a change makes of the checksum depends
 * on the changed bytes and how many follow them, and on no others.
 *
 * @param checksum of the whole run before
 * @param before of the bytes that changed, as they were
 * @param after of as many bytes, as they are now
 * @param behind how many bytes follow them
 */
export function changedCrc32(checksum: number, before: number, after: number, behind: number): number {
  return (checksum ^ product(before ^ after, powerOfX(behind * 8))) >>> 0;
}

/** x to the power of `exponent`, modulo the polynomial. */
function powerOfX(exponent: number): number {
  let power = ONE;
  let square = X;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = product(power, square);
    square = product(square, square);
  }
  return power;
}

/** The product of two polynomials, modulo the polynomial. */
function product(a: number, b: number): number {
  let sum = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) sum ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ POLYNOMIAL;
  }
  return sum;
}
