import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressFault, copyAddress } from '../../src/ldap/address.ts';

function faultOf(text: string | Buffer): string | undefined {
  const bytes = Buffer.from(text);
  // With something around it that would spoil or mend it.
  const around = Buffer.concat([Buffer.from('@x.'), bytes, Buffer.from('.y@z')]);
  return addressFault(around, 3, 3 + bytes.length);
}

const long = (length: number) => 'x'.repeat(length);

test.each([
  'a@b',
  'a@example.ac.uk',
  'A.B@Example.AC.UK',
  "!#$%&'*+-/=?^_`{|}~0aZ@example.org",
  'a@1.2.3.4',
  'a@xn--caf-dma.example',
  'a@a--b.c',
  `${long(64)}@example.org`,
  `a@${long(63)}.org`,
  `a@${long(63)}.${long(63)}.${long(63)}.${long(60)}`,
])('%s is an address', (text) => {
  expect(faultOf(text)).toBeUndefined();
});

test.each([
  ['', 'no @'],
  ['example.org', 'no @'],
  ['@example.org', 'no local part'],
  ['a@', 'no domain'],
  ['a b@example.org', 'a character that no local part has'],
  ['a@b@example.org', 'a character that no local part has'],
  ['"a b"@example.org', 'a character that no local part has'],
  ['a\r\nb@example.org', 'a character that no local part has'],
  ['a:b@example.org', 'a character that no local part has'],
  ['caf\u00e9@example.org', 'not ASCII'],
  ['a@caf\u00e9.example', 'not ASCII'],
  ['\u212aelvin@example.org', 'not ASCII'],
  ['.a@example.org', 'a misplaced dot'],
  ['a.@example.org', 'a misplaced dot'],
  ['a..b@example.org', 'a misplaced dot'],
  ['a@.example.org', 'an empty label in the domain'],
  ['a@example..org', 'an empty label in the domain'],
  ['a@example.org.', 'an empty label in the domain'],
  ['a@-example.org', 'a misplaced hyphen in the domain'],
  ['a@example-.org', 'a misplaced hyphen in the domain'],
  ['a@exam_ple.org', 'a character that no domain has'],
  ['a@[192.0.2.1]', 'a character that no domain has'],
  ['a@example.org ', 'a character that no domain has'],
  [`${long(65)}@example.org`, 'a local part longer than 64 bytes'],
  [`a@${long(64)}.org`, 'a label longer than 63 bytes in the domain'],
  [`a@${long(63)}.${long(63)}.${long(63)}.${long(61)}`, 'longer than 254 bytes'],
])('%j is none: %s', (text, fault) => {
  expect(faultOf(text)).toBe(fault);
});

test('the check agrees with the grammar of RFC 5321', () => {
  const atom = "[0-9A-Za-z!#$%&'*+\\-/=?^_`{|}~]+";
  const label = '[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?';
  const grammar = new RegExp(`^(?=[^@]{1,64}@)(?=.{1,254}$)${atom}(?:\\.${atom})*@${label}(?:\\.${label})*$`);
  const unit = fc.constantFrom(
    'a',
    'Z',
    '0',
    '.',
    '-',
    '_',
    '@',
    '+',
    ' ',
    '"',
    '\\',
    '(',
    ',',
    ':',
    '\x7f',
    '\n',
    'é',
  );
  const nearly = fc
    .tuple(
      fc.string({ unit, maxLength: 8 }),
      fc.string({ unit, maxLength: 8 }),
      fc.constantFrom('', long(54), long(60)),
    )
    .map(([local, domain, filler]) => `${filler}${local}@${domain}${filler}`);
  fc.assert(
    fc.property(fc.oneof(nearly, fc.emailAddress(), fc.string({ unit, maxLength: 12 })), (text) => {
      expect(faultOf(text) === undefined).toBe(grammar.test(text));
    }),
    { numRuns: 5000 },
  );
});

test('copying tells good addresses as the check does, and copies in lower case whatever they are', () => {
  const unit = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a', 'Z', '0') },
    { weight: 2, arbitrary: fc.constantFrom('.', '-') },
    { weight: 1, arbitrary: fc.constantFrom('_', '+', '@', ' ', '\u00e9', '\u212a') },
  );
  const text = fc.oneof(fc.string({ unit, maxLength: 8 }), fc.integer({ min: 60, max: 70 }).map(long));
  const address = fc.tuple(text, text).map(([local, domain]) => `${local}@${domain}`);
  fc.assert(
    fc.property(fc.oneof(text, address), (value) => {
      const bytes = Buffer.from(`@x.${value}.y@z`);
      const end = bytes.length - '.y@z'.length;
      const target = Buffer.alloc(bytes.length, '#');
      const at = copyAddress(bytes, 3, end, target, 5);
      const length = end - 3;
      const lowerCase = value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
      expect(target.toString('utf8', 5, 5 + length)).toBe(lowerCase);
      expect(target.subarray(5 + length).every((byte) => byte === '#'.charCodeAt(0))).toBe(true);

      const isGood = addressFault(target, 5, 5 + length) === undefined;
      const hasLongDomain = value.length - value.lastIndexOf('@') - 1 > 63;
      if (at >= 0) expect(isGood).toBe(true);
      else expect(isGood && !hasLongDomain).toBe(false);
      if (at >= 0) expect(at - 5).toBe(value.lastIndexOf('@'));
    }),
    { numRuns: 5000 },
  );
});
