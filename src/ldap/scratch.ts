/** A buffer to write into piece by piece; it grows as it must and is used again for each entry. */
export class Scratch {
  bytes: Buffer = Buffer.allocUnsafe(64 * 1024);
  used = 0;

  /** Makes room for `length` more bytes. */
  reserve(length: number): void {
    if (this.used + length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.used + length, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }

  append(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const { bytes } = this;
    let at = this.used;
    for (let i = start; i < end; i++) bytes[at++] = source[i];
    this.used = at;
  }
}
