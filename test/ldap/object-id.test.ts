import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LinearMemory } from '../../src/ldap/linear-memory.ts';
import { loopsIn } from '../../src/ldap/loops.ts';
import { idOf, idText } from '../../src/ldap/object-id.ts';

const uuid = '597ae2f6-16a6-1027-98f4-abcdefABCDEF';
const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');

test('sixteen bytes are an id as they are, and a UUID as text is the same one', () => {
  expect(Buffer.from(idOf(bytes))).toEqual(bytes);
  expect(Buffer.from(idOf(Buffer.from(uuid)))).toEqual(bytes);
});

test.each([
  '',
  'x',
  uuid.replace('5', 'g'),
  uuid.replaceAll('-', '_'),
  '597ae2f6-16a61027-98f4abcd-efabcdef',
])('anything else is hashed: %j', (value) => {
  const id = idOf(Buffer.from(value));
  expect(id).toHaveLength(16);
  expect(id).not.toEqual(idOf(Buffer.from(`${value}y`)));
});

test('an id is written as the tools of its kind of server write it', () => {
  expect(idText(bytes, 'uuid')).toBe(uuid.toLowerCase());
  // As PowerShell has it: `[guid]::new([byte[]](0x59, 0x7a, …))`.
  expect(idText(bytes, 'guid')).toBe('f6e27a59-a616-2710-98f4-abcdefabcdef');
  expect(idText(bytes, 'digest'), 'nobody can search for that').toBe('');
});

test('the compiled loops parse the same UUIDs', () => {
  const memory = new LinearMemory();
  const loops = loopsIn(memory);
  const text = memory.bytes(36);
  const id = memory.bytes(16);
  const anyByte = fc.record({
    at: fc.nat(35),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('/:@G`g-'))),
  });
  fc.assert(
    fc.property(fc.uuid(), fc.boolean(), fc.option(anyByte), (uuid, isUpper, change) => {
      text.set(Buffer.from(isUpper ? uuid.toUpperCase() : uuid));
      if (change !== null) text[change.at] = change.byte;
      const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text.toString('latin1'));
      expect(Boolean(loops.readUuid(text.byteOffset, id.byteOffset))).toBe(isUuid);
      if (isUuid) expect(Buffer.from(id)).toEqual(Buffer.from(idOf(text)));
    }),
    { numRuns: 2000 },
  );
});

test('the compiled loops find a control character wherever it is', () => {
  const memory = new LinearMemory();
  const loops = loopsIn(memory);
  const text = memory.bytes(64);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.boolean(), (bytes, isPlain) => {
      const shown = isPlain ? bytes.map((byte) => (byte < 0x20 || byte === 0x7f ? 0x20 : byte)) : bytes;
      // What is behind the end does not count.
      text.fill(0x1f);
      text.set(shown);
      const found = Boolean(loops.hasControl(text.byteOffset, text.byteOffset + shown.length));
      expect(found).toBe(shown.some((byte) => byte < 0x20 || byte === 0x7f));
    }),
  );
});
