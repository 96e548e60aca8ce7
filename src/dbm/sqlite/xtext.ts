const PLUS = 0x2b;
const EQUALS = 0x3d;
const HEX = new TextEncoder().encode('0123456789ABCDEF');

/** Bytes that stand for others: those of xtext (RFC 3461) that are no printable ASCII, and its own two signs. */
const IS_ENCODED = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x21 || byte > 0x7e || byte === PLUS || byte === EQUALS ? 1 : 0,
);

function isEncoded(byte: number): boolean {
  return IS_ENCODED[byte] === 1;
}

/** Whether `bytes[start, end)` are the same in xtext. */
export function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (isEncoded(bytes[i])) return false;
  return true;
}

/** The length of `bytes[start, end)` in xtext. */
export function xtextLength(bytes: Uint8Array, start: number, end: number): number {
  let length = end - start;
  for (let i = start; i < end; i++) if (isEncoded(bytes[i])) length += 2;
  return length;
}

/** Writes `bytes[start, end)` to `target` at `at` in xtext, as Exim does. Returns the place behind. */
export function writeXtext(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (isEncoded(byte)) {
      target[at++] = PLUS;
      target[at++] = HEX[byte >>> 4];
      target[at++] = HEX[byte & 15];
    } else {
      target[at++] = byte;
    }
  }
  return at;
}

/** What `xtext` stands for, or undefined when it is not as Exim writes it. */
export function readXtext(xtext: Uint8Array): Uint8Array | undefined {
  const bytes = new Uint8Array(xtext.length);
  let length = 0;
  for (let i = 0; i < xtext.length; i++) {
    const byte = xtext[i];
    if (byte !== PLUS) {
      if (isEncoded(byte)) return undefined;
      bytes[length++] = byte;
      continue;
    }
    const high = HEX.indexOf(xtext[i + 1]);
    const low = HEX.indexOf(xtext[i + 2]);
    if (high < 0 || low < 0 || !isEncoded(high * 16 + low)) return undefined;
    bytes[length++] = high * 16 + low;
    i += 2;
  }
  return bytes.subarray(0, length);
}
