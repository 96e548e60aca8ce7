const MINUS = 0x2d;
const ZERO = 0x30;

/** Whether the bytes are an integer written in the one way that every server takes: no leading zeros, no `+`, no `-0`. */
export function isInteger(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  if (at < end && bytes[at] === MINUS) {
    at++;
    if (bytes[at] === ZERO) return false;
  }
  if (at === end || (bytes[at] === ZERO && end - at > 1)) return false;
  for (; at < end; at++) if (bytes[at] < ZERO || bytes[at] > 0x39) return false;
  return true;
}

/** The order of two integers of any length in the form of `isInteger`: negative, zero or positive. */
export function compareIntegers(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aNegative = a[aStart] === MINUS;
  const bNegative = b[bStart] === MINUS;
  if (aNegative !== bNegative) return aNegative ? -1 : 1;
  const sign = aNegative ? -1 : 1;
  if (aEnd - aStart !== bEnd - bStart) return sign * (aEnd - aStart - (bEnd - bStart));
  for (let i = 0; i < aEnd - aStart; i++) {
    const difference = a[aStart + i] - b[bStart + i];
    if (difference !== 0) return sign * difference;
  }
  return 0;
}

/** @returns undefined for what is no integer in the form of `isInteger`, or takes more bits */
export function boundedInteger(
  bytes: Uint8Array,
  start: number,
  end: number,
  bits: 32 | 64,
): bigint | undefined {
  if (!isInteger(bytes, start, end) || end - start > 20) return undefined;
  const value = BigInt(Buffer.from(bytes.subarray(start, end)).toString('latin1'));
  return BigInt.asIntN(bits, value) === value ? value : undefined;
}
