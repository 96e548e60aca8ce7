/** The container of an object: its DN without the first name (RFC 4514). An empty text for a name without any. */
export function unitOf(dn: string): string {
  for (let i = 0; i < dn.length; i++) {
    if (dn[i] === '\\') i++;
    else if (dn[i] === ',') return dn.slice(i + 1).trim();
  }
  return '';
}
