import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printableText } from '../../src/config/printable.ts';

test.each([
  ['a line\r\n\tand another', 'a line\\r\\n\\tand another'],
  ['\x1b[2J\x9b2J\x7f', '\\u001b[2J\\u009b2J\\u007f'],
  ['\u202e\u2028\u200b\u{e0041}', '\\u202e\\u2028\\u200b\\udb40\\udc41'],
  ['CN=Smith\\, Zo\u00eb,DC=\u4f8b "\u{1f511}"', 'CN=Smith\\, Zo\u00eb,DC=\u4f8b "\u{1f511}"'],
])('%j is shown as %j', (text, shown) => {
  expect(printableText(text)).toBe(shown);
});

test('whatever comes, nothing of it disturbs a line or a terminal, and what is shown is shown the same again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = printableText(text);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(printableText(shown)).toBe(shown);
    }),
  );
});
