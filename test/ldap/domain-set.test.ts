import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Addresses } from '../../src/ldap/addresses.ts';
import { AttributeSlots } from '../../src/ldap/attribute-slots.ts';
import { DomainSet } from '../../src/ldap/domain-set.ts';
import { EntryColumns } from '../../src/ldap/entry-columns.ts';
import { MessageHeader } from '../../src/ldap/message-header.ts';
import { searchEntry } from './messages.ts';

const slots = new AttributeSlots(undefined);
const mail = { slot: slots.add('mail'), needsPrefix: false };
const entry = new EntryColumns(slots);
const addresses = new Addresses(entry, [mail]);

function read(values: readonly string[]): void {
  const bytes = searchEntry(1, 'cn=a', [['mail', [...values]]]);
  const header = new MessageHeader();
  header.read(bytes, 0, bytes.length);
  entry.decode(bytes, header.start, header.end);
  addresses.read();
}

function elsewhere(domains: readonly string[]): number[] {
  const set = new DomainSet(entry, domains);
  const found: number[] = [];
  for (let i = set.findElsewhere(addresses, 0); i < addresses.count; i = set.findElsewhere(addresses, i + 1))
    found.push(i);
  return found;
}

const unit = fc.constantFrom('a', 'b', '.', 'arts.', 'example.ac.uk');
const domain = fc.string({ unit, minLength: 1, maxLength: 4 });

test('an address is elsewhere when its domain is none of those asked for', () => {
  fc.assert(
    fc.property(fc.array(domain, { maxLength: 20 }), fc.array(domain, { maxLength: 20 }), (asked, met) => {
      read(met.map((name) => `x@${name}`));
      const expected = met.flatMap((name, i) => (asked.includes(name) ? [] : [i]));
      expect(elsewhere(asked)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test('what has no domain is in all of them, and nothing is in an empty one', () => {
  read(['nobody', 'x@', 'x@a', 'X@A']);
  expect(elsewhere(['a'])).toEqual([1]);
  expect(elsewhere([])).toEqual([1, 2, 3]);
});

test('there may be thousands of domains', () => {
  const domains = Array.from({ length: 5000 }, (_, i) => `school${i}.example.org`);
  read([...domains, 'school5000.example.org'].map((name) => `x@${name}`));
  expect(elsewhere(domains)).toEqual([5000]);
});
