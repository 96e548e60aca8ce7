import { expect, test } from 'vitest';
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
