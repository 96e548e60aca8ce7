import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttributeSlots } from '../../src/ldap/attribute-slots.ts';
import { EntryColumns } from '../../src/ldap/entry-columns.ts';
import { Looks } from '../../src/ldap/looks.ts';
import { MessageHeader } from '../../src/ldap/message-header.ts';
import type { AttributeUse } from '../../src/ldap/readability.ts';
import { type Attributes, searchEntry } from './messages.ts';

const slots = new AttributeSlots(undefined);
for (const name of ['kind', 'class', 'mail', 'other']) slots.add(name);
const use = (name: string, isPresence: boolean): AttributeUse => ({ name, isPresence, isNegated: false });
const uses = [use('class', true), use('kind', false), use('class', false), use('mail', true)];

function reader(): (attributes: Attributes) => number {
  const entry = new EntryColumns(slots);
  const looks = new Looks(entry, slots, uses);
  return (attributes) => {
    const bytes = searchEntry(1, 'cn=a', attributes);
    const header = new MessageHeader();
    header.read(bytes, 0, bytes.length);
    entry.decode(bytes, header.start, header.end);
    return looks.read();
  };
}

const values = (most: number) =>
  fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: most }), { minLength: 1, maxLength: 3 });
const entries = fc.array(
  fc.record({ kind: values(9), class: values(2), mail: values(3), other: values(3) }, { requiredKeys: [] }),
  { minLength: 2, maxLength: 40 },
);

test('entries have the same number just when they have the same of what is tested', () => {
  fc.assert(
    fc.property(entries, (some) => {
      const read = reader();
      const numbers = new Map<string, number>();
      for (const entry of some) {
        const tested = JSON.stringify([entry.kind, entry.class, entry.mail !== undefined]);
        const number = read(Object.entries(entry));
        if (!numbers.has(tested)) expect(number).toBe(numbers.size);
        numbers.set(tested, numbers.get(tested) ?? number);
        expect(number).toBe(numbers.get(tested));
      }
    }),
    { numRuns: 500 },
  );
});

test('what looks like nothing before gets no number when there are many, and the others keep theirs', () => {
  const read = reader();
  const numbers = Array.from({ length: 3000 }, (_, i) => read([['kind', [String(i)]]]));
  const count = numbers.indexOf(-1);
  expect(count).toBeGreaterThan(500);
  expect(numbers).toEqual(numbers.map((_, i) => (i < count ? i : -1)));
  expect(read([['kind', ['0']]])).toBe(0);
  expect(read([['kind', [String(count - 1)]]])).toBe(count - 1);
});

test('what takes too much room gets no number', () => {
  const read = reader();
  const long = (letter: string): Attributes => [['kind', ['x', letter.repeat(100_000)]]];
  expect([read(long('a')), read(long('b')), read(long('c')), read([]), read([])]).toEqual([0, 1, -1, 2, 2]);
  expect(read([['kind', ['y'.repeat(300_000)]]])).toBe(-1);
});

test('values under an option are looked at each time', () => {
  const read = reader();
  expect(read([['kind;lang-de', ['a']]])).toBe(-1);
  expect(
    read([
      ['mail;x-old', ['a']],
      ['kind', ['1']],
    ]),
  ).toBe(-1);
  expect(read([['kind', ['1']]])).toBe(0);
});
