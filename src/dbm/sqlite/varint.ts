/** How many bytes a number takes: seven bits each, the first ones first. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes a number below 2^35. Returns the place behind. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  const end = at + varintSize(value);
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    bytes[i] = (rest & 127) | (i === end - 1 ? 0 : 128);
    rest = Math.floor(rest / 128);
  }
  return end;
}

/** Reads a number of at most five bytes, `undefined` bytes and longer ones give what no record's size can be. */
export function readVarint(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 5; i++) {
    value = value * 128 + (bytes[i] & 127);
    if (bytes[i] < 128) return value;
  }
  return Number.MAX_SAFE_INTEGER;
}
