/**
 * Text for a person, on one line: with escapes, as JSON has them, for what can't be seen, breaks lines, turns the direction of
 * writing, or moves a terminal's cursor. A backslash stays one, so that a DN is shown as it is, and doing it twice changes nothing.
 */
export function printableText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

export function quote(text: string): string {
  return `"${printableText(text)}"`;
}

function escaped(character: string): string {
  const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
  if (short !== undefined) return short;
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
