import { lowerCase } from './address.ts';

const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** A DN without what one server may spell in several ways: letter case (of ASCII), and spaces behind commas. */
export function normalizedDn(bytes: Uint8Array, start = 0, end = bytes.length): Buffer {
  const normalized = Buffer.alloc(end - start);
  let length = 0;
  let isBehindComma = false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === SPACE && isBehindComma) continue;
    isBehindComma = byte === COMMA;
    normalized[length++] = lowerCase[byte];
    if (byte === BACKSLASH && i + 1 < end) normalized[length++] = lowerCase[bytes[++i]];
  }
  return normalized.subarray(0, length);
}

/** Whether a DN is `top` or below it, as far as that can be told from the spelling. */
export function isWithin(dn: string, top: string): boolean {
  const inner = normalizedDn(Buffer.from(dn)).toString('latin1');
  const outer = normalizedDn(Buffer.from(top)).toString('latin1');
  return inner === outer || outer === '' || inner.endsWith(`,${outer}`);
}
