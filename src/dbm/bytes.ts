export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
