const LONGEST = 80;

/** A key as a message shows it: quoted, cut when long, and with escapes for what would disturb a line or a terminal. */
export function printable(key: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(key.subarray(0, LONGEST)).toString('utf8'));
  // JSON leaves the control characters beyond ASCII's as they are, and those that can't be seen.
  const shown = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
  return key.length > LONGEST ? `${shown}… (${key.length} bytes)` : shown;
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
