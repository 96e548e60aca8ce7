/** Byte order of `a[startA, endA)` and `b[startB, endB)`; bytes come before those that they begin. */
export function compareBytes(
  a: Uint8Array,
  startA: number,
  endA: number,
  b: Uint8Array,
  startB: number,
  endB: number,
): number {
  const length = Math.min(endA - startA, endB - startB);
  for (let i = 0; i < length; i++) {
    const difference = a[startA + i] - b[startB + i];
    if (difference !== 0) return difference;
  }
  return endA - startA - (endB - startB);
}
