const LONGEST = 80;

/** A key as a message shows it: quoted, escaped, cut when long. */
export function printable(key: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(key.subarray(0, LONGEST)).toString('utf8'));
  return key.length > LONGEST ? `${text}… (${key.length} bytes)` : text;
}
