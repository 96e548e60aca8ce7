import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Addresses } from '../../src/ldap/addresses.ts';
import { AttributeSlots } from '../../src/ldap/attribute-slots.ts';
import { DomainSet } from '../../src/ldap/domain-set.ts';
import { EntryColumns } from '../../src/ldap/entry-columns.ts';
import { MessageHeader } from '../../src/ldap/message-header.ts';
import { Outbox } from '../../src/ldap/outbox.ts';
import { FoundTexts } from './found-texts.ts';
import { searchEntry } from './messages.ts';

const slots = new AttributeSlots(undefined);
const mail = { slot: slots.add('mail'), needsPrefix: false };
const entry = new EntryColumns(slots);
const addresses = new Addresses(entry, [mail]);
const domains = new DomainSet(entry, ['a', 'b.c']);
const id = entry.memory.bytes(16);

function read(dn: string, values: readonly string[]): void {
  const bytes = searchEntry(1, dn, values.length === 0 ? [] : [['mail', [...values]]]);
  const header = new MessageHeader();
  header.read(bytes, 0, bytes.length);
  entry.decode(bytes, header.start, header.end);
  addresses.read();
}

/** Keeps what it is given as text. */
class Texts {
  readonly #texts = new FoundTexts();
  readonly objects: string[] = [];
  readonly lines: string[][] = [[], []];
  readonly bytes = [0, 0];
  readonly outbox: Outbox;
  #dns = 0;

  constructor() {
    this.outbox = new Outbox(
      {
        begin: () => {},
        changed: () => {},
        restart: (selection) => {
          this.#texts.forget(selection);
          this.lines[selection] = [];
          this.bytes[selection] = 0;
        },
        objects: ({ count, ids, dns, dnStart, dnEnd }) => {
          for (let i = 0; i < count; i++) {
            const dn = Buffer.from(dns.subarray(dnStart[i] - this.#dns, dnEnd[i] - this.#dns));
            this.objects.push(`${Buffer.from(ids).readUInt32LE(i * 16)} ${dn}`);
          }
          this.#dns += dns.length;
        },
        entries: (selection, entries) => {
          this.bytes[selection] += entries.pool.length;
          for (const { object, key, value } of this.#texts.read(selection, entries)) {
            expect(object).toBeLessThan(this.objects.length);
            this.lines[selection].push(`${object} ${key}: ${value}`);
          }
        },
        rejected: (selection, object, { value, reason }) => {
          expect(object).toBeLessThan(this.objects.length);
          this.lines[selection].push(`${object} ${value} ${reason}`);
        },
      },
      2,
      entry.memory,
    );
  }
}

const address = fc
  .tuple(fc.constantFrom('x', 'someone', 'y'.repeat(50)), fc.constantFrom('a', 'b.c', 'd'))
  .map(([local, domain]) => `${local}@${domain}`);
/** Few are large, and these are larger than a batch. */
const mails = fc.oneof(
  { weight: 20, arbitrary: fc.array(address, { maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc.array(address, { minLength: 1, maxLength: 6 }).map((some) => Array(1000).fill(some).flat()),
  },
);
const value = fc.oneof(
  { weight: 20, arbitrary: fc.oneof(fc.nat(6), fc.constantFrom('', 'x@a', 'room 5')) },
  { weight: 1, arbitrary: fc.constantFrom('z'.repeat(100_000), 'z'.repeat(300_000)) },
);
const dn = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('', 'cn=x', 'cn=someone,ou=here') },
  { weight: 1, arbitrary: fc.constant(`cn=${'x'.repeat(200_000)}`) },
);
const way = fc.constantFrom('all', 'some', 'wanted', 'one by one', 'nothing', 'refused', 'restart', 'flush');
const visit = fc.record({
  dn,
  mails,
  value,
  way,
  selection: fc.constantFrom(0, 1),
  repeats: fc.constantFrom(1, 1, 700),
});

test('what is found is handed over as it was found, whatever there is of it', () => {
  fc.assert(
    fc.property(fc.array(visit, { maxLength: 30 }), (visits) => {
      const given = new Texts();
      const { outbox } = given;
      const objects: string[] = [];
      const lines: string[][] = [[], []];
      for (const { dn, mails, value, way, selection, repeats } of visits) {
        read(dn, mails);
        const { start, end, count, scratch } = addresses;
        const isAddress = typeof value === 'number';
        if (isAddress && value >= count) continue;
        const valueStart = isAddress ? start[value] : scratch.used;
        if (!isAddress) scratch.append(Buffer.from(value), 0, value.length);
        const valueEnd = isAddress ? end[value] : scratch.used;
        const text = isAddress ? mails[value] : value;
        const entries = outbox.entries(selection);
        for (let i = 0; i < Math.min(repeats, 100_000 / (mails.length + text.length + 1)); i++) {
          Buffer.from(id).fill(0);
          id.writeUInt32LE(objects.length);
          outbox.object(id, entry.bytes, entry.dnStart, entry.dnEnd);
          const object = objects.push(`${objects.length} ${dn}`) - 1;
          const add = (keys: readonly string[]) =>
            lines[selection].push(...keys.map((key) => `${object} ${key}: ${text}`));
          switch (way) {
            case 'all':
              expect(entries.addAddresses(addresses, undefined, valueStart, valueEnd, object)).toBe(0);
              add(mails);
              break;
            case 'wanted': {
              const wanted = mails.filter((each) => !each.endsWith('@d'));
              const elsewhere = entries.addAddresses(addresses, domains, valueStart, valueEnd, object);
              expect(elsewhere).toBe(mails.length - wanted.length);
              add(wanted);
              break;
            }
            case 'some':
              if (count < 2) break;
              entries.addKeys(addresses, 1, count, valueStart, valueEnd, object);
              add(mails.slice(1));
              break;
            case 'one by one':
              for (let key = 0; key < count; key++)
                entries.add(addresses, start[key], end[key], valueStart, valueEnd, object);
              add(mails);
              break;
            case 'refused':
              outbox.rejected(selection, { dn, value: 'x', reason: 'y' });
              lines[selection].push(`${object} x y`);
              break;
            case 'restart':
              outbox.restart(selection);
              lines[selection] = [];
              break;
            case 'flush':
              outbox.flush();
              break;
          }
        }
      }
      outbox.flush();
      // Nothing is printed of texts as large as these. Rejections come behind the entries that were found with them.
      const sorted = (texts: readonly string[]) => [...texts].sort().join('\n');
      expect(given.objects.join('\n') === objects.join('\n')).toBe(true);
      for (const selection of [0, 1])
        expect(sorted(given.lines[selection]) === sorted(lines[selection])).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('a value that is that of the entry before, or among the keys, is stored once, also by batches', () => {
  const given = new Texts();
  const { outbox } = given;
  read('cn=x', ['x@a', 'y@a']);
  const { scratch, start, end } = addresses;
  const value = scratch.used;
  scratch.append(Buffer.from('room 5'), 0, 6);
  for (let i = 0; i < 10_000; i++) {
    outbox.object(id, entry.bytes, entry.dnStart, entry.dnEnd);
    outbox.entries(0).addAddresses(addresses, undefined, value, scratch.used, i);
    outbox.entries(1).addAddresses(addresses, undefined, start[1], end[1], i);
  }
  outbox.flush();
  expect(given.lines.map((lines) => lines.length)).toEqual([20_000, 20_000]);
  expect(given.bytes).toEqual([10_000 * 6 + 6, 10_000 * 6]);
});

test('what begins anew has nothing of what was found before', () => {
  const given = new Texts();
  const { outbox } = given;
  read('cn=x', ['x@a']);
  const add = () => {
    outbox.object(id, entry.bytes, entry.dnStart, entry.dnEnd);
    outbox.entries(0).addAddresses(addresses, undefined, 0, 3, outbox.number);
    outbox.rejected(1, { dn: 'cn=x', value: 'x', reason: 'y' });
  };
  add();
  add();
  outbox.begin('full');
  add();
  outbox.flush();
  expect(given.objects).toHaveLength(1);
  expect(given.lines).toEqual([['0 x@a: x@a'], ['0 x y']]);
});
