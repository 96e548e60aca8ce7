/**
 * The order of keys on a page, as libdb's binary search has it: by bytes, but a key comes after those that it begins.
 * Keys are `a[startA, endA)` and `b[startB, endB)`, with a NUL behind them in the file where `terminated`.
 */
export function compareKeys(
  a: Uint8Array,
  startA: number,
  endA: number,
  b: Uint8Array,
  startB: number,
  endB: number,
  terminated: boolean,
): number {
  const lengthA = endA - startA;
  const lengthB = endB - startB;
  const length = Math.min(lengthA, lengthB);
  for (let i = 0; i < length; i++) {
    const difference = a[startA + i] - b[startB + i];
    if (difference !== 0) return difference;
  }
  if (lengthA === lengthB) return 0;
  // The shorter key's NUL stands against a byte of the longer one.
  const decided = terminated && (lengthA < lengthB ? b[startB + length] : a[startA + length]) !== 0;
  return decided ? lengthA - lengthB : lengthB - lengthA;
}
