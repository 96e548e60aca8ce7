import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressFault } from '../../src/ldap/address.ts';
import { LinearMemory } from '../../src/ldap/linear-memory.ts';
import { loopsIn } from '../../src/ldap/loops.ts';

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

test('the compiled loop takes the addresses that the check takes, and copies them in lower case', () => {
  const memory = new LinearMemory();
  const { copyAddress } = loopsIn(memory);
  const source = memory.bytes(1000);
  const target = memory.bytes(1000);
  const unit = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a', 'Z', '0') },
    { weight: 2, arbitrary: fc.constantFrom('.', '-') },
    { weight: 1, arbitrary: fc.constantFrom('_', '+', '@', ' ', '\u00e9') },
  );
  const text = fc.oneof(
    fc.string({ unit, maxLength: 30 }),
    fc.integer({ min: 28, max: 70 }).map(long),
    fc.nat(255).map((byte) => Buffer.of(0x61, byte, 0x61).toString('latin1')),
  );
  const address = fc.tuple(text, text).map(([local, domain]) => `${local}@${domain}`);
  fc.assert(
    fc.property(fc.oneof(text, address), (value) => {
      const bytes = Buffer.from(value, 'latin1');
      const { length } = bytes;
      // With something around it that would spoil or mend it.
      source.write('@x.', 0, 'latin1');
      source.set(bytes, 3);
      source.write('.y@z', 3 + length, 'latin1');
      const from = source.byteOffset + 3;
      const at = copyAddress(from, from + length, target.byteOffset + 5);
      const isGood = addressFault(bytes, 0, length) === undefined;
      expect(at !== 0).toBe(isGood && length <= 64);
      if (at === 0) return;
      expect(at - target.byteOffset - 5).toBe(value.indexOf('@'));
      const lowerCase = value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
      expect(target.toString('latin1', 5, 5 + length)).toBe(lowerCase);
    }),
    { numRuns: 20_000 },
  );
});
