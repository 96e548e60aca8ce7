import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../src/dbm/printable.ts';

test('a key in a message is quoted, cut when long, and disturbs no terminal', () => {
  expect(printable(Buffer.from('zo\u00eb"\n\x1b[2J\x9b2J\u202e\u{e0041}'))).toBe(
    '"zo\u00eb\\"\\n\\u001b[2J\\u009b2J\\u202e\\udb40\\udc41"',
  );
  expect(printable(new Uint8Array(81).fill(0x61))).toBe(`"${'a'.repeat(80)}"… (81 bytes)`);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 90 }), fc.string({ unit: 'binary' }), (bytes, text) => {
      for (const key of [bytes, Buffer.from(text)])
        expect(printable(key)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});
