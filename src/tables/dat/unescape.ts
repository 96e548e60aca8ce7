const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Rewrites a quoted key in place, beginning at its opening quote: `\n`, `\r`, `\t`, one to three octal digits, `\x` with
 * up to two hexadecimal ones; a backslash before any other byte stands for that byte, one at the very end for itself.
 *
 * @param end where the line's text ends; a missing closing quote is no fault
 * @returns where the key ends now, and where the text after the closing quote begins
 */
export function unescapeKey(bytes: Uint8Array, start: number, end: number): { keyEnd: number; next: number } {
  let to = start;
  let at = start + 1;
  while (at < end && bytes[at] !== QUOTE) {
    if (bytes[at] !== BACKSLASH || at + 1 >= end) {
      bytes[to++] = bytes[at++];
      continue;
    }
    at++;
    const letter = bytes[at++];
    if (isOctal(letter)) {
      let code = letter - 0x30;
      for (let digits = 1; digits < 3 && at < end && isOctal(bytes[at]); digits++) {
        code = code * 8 + bytes[at++] - 0x30;
      }
      bytes[to++] = code;
    } else if (letter === 0x78) {
      let code = 0;
      for (let digits = 0; digits < 2 && at < end && hexValue(bytes[at]) >= 0; digits++) {
        code = code * 16 + hexValue(bytes[at++]);
      }
      bytes[to++] = code;
    } else {
      bytes[to++] = SIMPLE_ESCAPES.get(letter) ?? letter;
    }
  }
  return { keyEnd: to, next: at < end ? at + 1 : at };
}

const SIMPLE_ESCAPES = new Map([
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

function isOctal(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x37;
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
