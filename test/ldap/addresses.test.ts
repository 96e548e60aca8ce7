import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Addresses } from '../../src/ldap/addresses.ts';
import { AttributeSlots } from '../../src/ldap/attribute-slots.ts';
import { EntryColumns } from '../../src/ldap/entry-columns.ts';
import { MessageHeader } from '../../src/ldap/message-header.ts';
import { searchEntry } from './messages.ts';

const slots = new AttributeSlots(undefined);
const proxies = { slot: slots.add('proxyAddresses'), needsPrefix: true };
const mail = { slot: slots.add('mail'), needsPrefix: false };
const entry = new EntryColumns(slots);
const addresses = new Addresses(entry, [proxies, mail]);

interface Found {
  readonly addresses: readonly string[];
  readonly primary: string | undefined;
  readonly otherKinds: number;
}

function read(proxyAddresses: readonly string[], mails: readonly string[]): Found {
  const bytes = searchEntry(1, 'cn=a', [
    ['proxyAddresses', [...proxyAddresses]],
    ['mail', [...mails]],
  ]);
  const header = new MessageHeader();
  header.read(bytes, 0, bytes.length);
  entry.decode(bytes, header.start, header.end);
  addresses.read();
  const { scratch, count, start, at, end, primary, otherKinds, faults } = addresses;
  expect(addresses.areUsable).toBe(faults.every((fault) => fault === undefined));
  const texts = Array.from({ length: count }, (_, i) => {
    const text = scratch.bytes.toString('utf8', start[i], end[i]);
    expect(at[i]).toBe(text.includes('@') ? start[i] + text.lastIndexOf('@') : -1);
    if (i > 0) expect(start[i]).toBe(end[i - 1]);
    return text;
  });
  expect(scratch.used).toBe(count === 0 ? 0 : end[count - 1]);
  return { addresses: texts, primary: texts[primary], otherKinds };
}

/** The plain way. */
function expected(proxyAddresses: readonly string[], mails: readonly string[]): Found {
  const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const smallest = (texts: readonly string[]) => [...texts].sort()[0];
  const isOther = (text: string) => !/^smtp:/i.test(text) && /^[0-9A-Za-z]+:/.test(text);
  const all = [...proxyAddresses, ...mails];
  const address = (text: string) => lower(text.replace(/^smtp:/i, ''));
  const unmarked = mails.filter((text) => !isOther(text) && !text.startsWith('SMTP:'));
  const marked = all.filter((text) => text.startsWith('SMTP:'));
  return {
    addresses: all.filter((text) => !isOther(text)).map(address),
    primary: smallest(marked.map(address)) ?? smallest(unmarked.map(address)),
    otherKinds: all.filter(isOther).length,
  };
}

const address = fc
  .tuple(
    fc.string({ unit: fc.constantFrom('a', 'B', '0', '.', '-'), maxLength: 4 }),
    fc.constantFrom('a', 'B', 'long'.repeat(5)),
    fc.constantFrom('@Example.org', '@b.c', '@b.c', '@caf\u00e9.c', ''),
  )
  .map((parts) => parts.join(''));
const prefix = fc.constantFrom('SMTP:', 'smtp:', 'smtp:', 'Smtp:', 'X500:/o=', 'sip:', 'a-b:', '');
const value = fc.tuple(prefix, address).map((parts) => parts.join(''));
/** Nothing that the compiled loop has to leave to others. */
const usual = fc
  .tuple(
    fc.constantFrom('SMTP:', 'smtp:', 'X500:/o=', 'sip:'),
    fc.string({ unit: fc.constantFrom('a', 'B', '0'), minLength: 1, maxLength: 40 }),
    fc.constantFrom('@Example.org', '@Example.organic'),
  )
  .map((parts) => parts.join(''));
const values = fc.oneof(fc.array(value, { maxLength: 6 }), fc.array(usual, { maxLength: 6 }));

test('addresses are those of the values, whatever reads them', () => {
  fc.assert(
    fc.property(values, values, (proxyAddresses, mails) => {
      expect(read(proxyAddresses, mails)).toEqual(expected(proxyAddresses, mails));
    }),
    { numRuns: 3000 },
  );
});

test('a value that is unlike the others changes nothing about them', () => {
  fc.assert(
    fc.property(fc.array(usual, { maxLength: 6 }), (proxyAddresses) => {
      const { addresses, otherKinds } = read(proxyAddresses, []);
      const more = read([...proxyAddresses, 'smtp:no address'], []);
      expect(more.addresses).toEqual([...addresses, 'no address']);
      expect(more.otherKinds).toBe(otherKinds);
    }),
  );
});

test('there may be thousands of them', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `smtp:user${i}@example.org`);
  expect(read(many, []).addresses).toHaveLength(20_000);
  expect(read([...many, 'smtp:'], ['x@y']).addresses).toHaveLength(20_002);
});
