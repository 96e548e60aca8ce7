export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Longer runs are copied by the runtime, shorter ones by a loop, which is faster for them. */
const SHORT = 192;

/**
 * Copies `from[start, end)` to `to` at `at` and returns the place behind. `view` and `fromView` are views of the same
 * bytes. May write up to three bytes beyond the end, which the caller writes later.
 */
export function copyLoosely(
  from: Uint8Array,
  fromView: DataView,
  start: number,
  end: number,
  to: Uint8Array,
  view: DataView,
  at: number,
): number {
  const length = end - start;
  if (length > SHORT || end + 4 > from.length) {
    to.set(from.subarray(start, end), at);
  } else {
    for (let i = 0; i < length; i += 4) view.setUint32(at + i, fromView.getUint32(start + i, true), true);
  }
  return at + length;
}

/** Whether `a[atA, atA + length)` and `b[atB, atB + length)` are the same bytes. */
export function sameBytes(a: DataView, atA: number, b: DataView, atB: number, length: number): boolean {
  const words = length & ~3;
  for (let i = 0; i < words; i += 4) {
    if (a.getUint32(atA + i, true) !== b.getUint32(atB + i, true)) return false;
  }
  for (let i = words; i < length; i++) {
    if (a.getUint8(atA + i) !== b.getUint8(atB + i)) return false;
  }
  return true;
}
