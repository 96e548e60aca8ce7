const LONGEST = 300;

/**
 * A text from the directory for people to read: on one line, without control characters (ASCII's, C1 and the ones that change
 * the direction of writing), and not longer than a screen holds.
 */
export function printable(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.subarray(start, Math.min(end, start + 4 * LONGEST))).toString('utf8');
  const shortened = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return shortened.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

/**
 * A DN for people to read, on one line, that is still the same DN: what can't be seen, or moves a terminal's cursor, is written as the
 * digits of its bytes (RFC 4514, 2.4), as is what is no UTF-8. So it can be given to any tool as it is, and is whole.
 */
export function printableDn(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const dn = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  const text = dn.toString('utf8');
  const plain = text.includes('\u{fffd}') ? dn.toString('latin1') : text;
  const unclear = plain === text ? /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu : /[^\x20-\x7e]/g;
  const encoding = plain === text ? 'utf8' : 'latin1';
  return plain.replace(unclear, (character) =>
    Buffer.from(character, encoding).toString('hex').toUpperCase().replace(/../g, '\\$&'),
  );
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
