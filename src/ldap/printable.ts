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

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
