import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MalformedError } from '../../src/ldap/ber.ts';
import { MessageBuffer } from '../../src/ldap/message-buffer.ts';
import { MessageHeader } from '../../src/ldap/message-header.ts';
import { message, searchDone, searchEntry, searchReference } from './messages.ts';

const ID = 70_000;
const ENTRY = 0x64;

/** How many whole entries with the id come first, and where they end. */
function entriesAhead(bytes: Buffer, id: number): [count: number, end: number] {
  const buffer = new MessageBuffer();
  buffer.append(bytes);
  const header = new MessageHeader();
  let count = 0;
  let at = 0;
  try {
    for (let end = buffer.messageEnd(at); end !== undefined; end = buffer.messageEnd(at)) {
      header.read(buffer.bytes, at, end);
      if (header.id !== id || header.tag !== ENTRY) break;
      at = end;
      count++;
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
  }
  return [count, at];
}

const entry = fc
  .tuple(
    fc.constantFrom(ID, ID, ID, ID, ID, ID, ID + 1, 1, 0, ID - 65_536, 0x7fffffff),
    fc.constantFrom(0, 1, 90, 130, 300, 70_000),
  )
  .map(([id, size]) => searchEntry(id, 'cn=a', [['cn', [Buffer.alloc(size, 'x')]]]));
const others = fc.constantFrom(
  searchDone(ID, 0),
  searchReference(ID, 'ldap://elsewhere'),
  message(ID, ENTRY, () => {}, Buffer.from('control')),
  Buffer.from([0x30, 0x84, 0, 0, 0, 5, 0x02, 1, 1, ENTRY, 0]),
  Buffer.from([0x30, 0x80, 0x02, 1, 1]),
  Buffer.from([0x30, 0x85, 0, 0, 0, 0, 1, 0]),
  Buffer.from([0x30, 5, 0x02, 0, ENTRY, 0, 0]),
  Buffer.from([0x30, 9, 0x02, 5, 0, 0, 1, 0x11, 0x70, ENTRY, 0]),
  Buffer.from([0x30, 5, 0x02, 1, 1, ENTRY, 9]),
  Buffer.from('HTTP/1.1 400'),
);
const messages = fc.array(fc.oneof({ weight: 12, arbitrary: entry }, { weight: 1, arbitrary: others }), {
  maxLength: 12,
});

test('entries are passed over until anything else comes, or one that is not whole', () => {
  fc.assert(
    fc.property(messages, fc.nat(), (some, cut) => {
      const all = Buffer.concat(some);
      const bytes = all.subarray(0, cut % 3 === 0 ? all.length : cut % (all.length + 1));
      const buffer = new MessageBuffer();
      buffer.append(bytes);
      const count = buffer.scanEntries(ID);
      expect([count, buffer.scanned]).toEqual(entriesAhead(bytes, ID));
    }),
    { numRuns: 1000 },
  );
});

test('they are passed over in pieces as they come', () => {
  const one = searchEntry(ID, 'cn=a', [['cn', ['x']]]);
  const buffer = new MessageBuffer();
  const counts = [...one, ...one].map((byte) => {
    buffer.append(Buffer.from([byte]));
    return buffer.scanEntries(ID);
  });
  const last = (_: unknown, i: number) => ((i + 1) % one.length === 0 ? 1 : 0);
  expect(counts).toEqual(counts.map(last));
  expect(buffer.scanned).toBe(one.length * 2);
});
