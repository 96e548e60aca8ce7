import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printableDn } from '../../src/ldap/printable.ts';

/** The bytes that a name's text stands for (RFC 4514, section 3). */
function bytesOf(text: string): Buffer {
  const parts = text.split(/(\\[0-9A-Fa-f]{2}|\\.)/su).map((part) => {
    if (!part.startsWith('\\')) return Buffer.from(part);
    return part.length === 3 ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part.slice(1));
  });
  return Buffer.concat(parts);
}

test('what is printed of a DN is that DN, on one line, and nothing that moves a cursor', () => {
  const plain = fc.string({ unit: 'binary' }).map((text) => Buffer.from(text.replaceAll('\\', '')));
  const bytes = fc.uint8Array().map((any) => Buffer.from(any.filter((byte) => byte !== 0x5c)));
  fc.assert(
    fc.property(fc.oneof(plain, bytes), (dn) => {
      const text = printableDn(dn);
      expect(bytesOf(text)).toEqual(dn);
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test.each([
  ['CN=Smith\\, "Joe" \\+ Söhne,OU=x', 'CN=Smith\\, "Joe" \\+ Söhne,OU=x'],
  ['CN=two\nlines\u202e,OU=x', 'CN=two\\0Alines\\E2\\80\\AE,OU=x'],
  [`CN=${'long'.repeat(200)}`, `CN=${'long'.repeat(200)}`],
])('%j is shown as %s', (dn, shown) => {
  expect(printableDn(Buffer.from(dn))).toBe(shown);
});
