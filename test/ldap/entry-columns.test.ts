import fc from 'fast-check';
import { MessageParser, SearchEntry } from 'ldapts';
import { expect, test } from 'vitest';
import { AttributeSlots } from '../../src/ldap/attribute-slots.ts';
import { EntryColumns } from '../../src/ldap/entry-columns.ts';
import { MessageBuffer } from '../../src/ldap/message-buffer.ts';
import { MessageHeader } from '../../src/ldap/message-header.ts';
import { searchEntry } from './messages.ts';

const wanted = ['proxyAddresses', 'mail', 'cn'];

const value = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(127, 128, 255, 256, 65_535, 65_536).map((length) => Buffer.alloc(length, 'long')),
);
const entry = fc.record({
  dn: fc.string({ unit: 'binary' }),
  attributes: fc.uniqueArray(
    fc.tuple(
      fc.constantFrom('proxyAddresses', 'PROXYADDRESSES', 'mail', 'cn', 'cn;lang-de', 'objectClass', 'sn'),
      fc.array(value, { maxLength: 4 }),
    ),
    { selector: ([name]) => name.toLowerCase(), maxLength: 6 },
  ),
});

interface Decoded {
  readonly id: number;
  readonly dn: string;
  /** Of each wanted attribute: plain values, then those under options, in hexadecimal. */
  readonly values: readonly (readonly string[])[];
}

test('entries are decoded as ldapts decodes them, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 8 }),
      fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5000 }))),
      fc.infiniteStream(fc.boolean()),
      (entries, sizes, works) => {
        const bytes = Buffer.concat(
          entries.map(({ dn, attributes }, i) => searchEntry(i + 1, dn, attributes)),
        );
        expect(decoded(chunks(bytes, sizes), works)).toEqual(byLdapts(bytes, entries.length));
      },
    ),
    { numRuns: 150 },
  );
});

test('values under two spellings of their attribute are kept together', () => {
  const bytes = searchEntry(1, 'cn=a', [
    ['mail', ['1', '2']],
    ['cn', ['a']],
    ['MAIL', ['3']],
  ]);
  // The second time, all spellings are known.
  for (const { values } of decoded([Buffer.concat([bytes, bytes])], [].values()))
    expect(values[1]).toEqual(['31', '32', '33']);
});

test('values of a range are told from whole ones', () => {
  const slots = slotsOf(wanted);
  const columns = new EntryColumns(slots);
  const decode = (name: string) => {
    const header = new MessageHeader();
    const bytes = searchEntry(1, 'cn=a', [
      ['proxyAddresses', []],
      [name, ['smtp:a@b.c']],
    ]);
    header.read(bytes, 0, bytes.length);
    columns.decode(bytes, header.start, header.end);
    return { open: columns.openRanges, count: columns.count[0], hasOptions: columns.hasOptions };
  };
  expect(decode('proxyAddresses;range=0-1499')).toEqual({
    open: [{ slot: 0, next: 1500 }],
    count: 1,
    hasOptions: false,
  });
  expect(decode('proxyaddresses;Range=0-*')).toEqual({ open: [], count: 1, hasOptions: false });
  expect(decode('proxyAddresses;lang-en')).toEqual({ open: [], count: 0, hasOptions: true });
});

test('damaged entries are refused, and never read beyond their end', () => {
  const good = searchEntry(1, 'cn=a', [
    ['mail', ['a@b.c', 'd@e.f']],
    ['cn', ['a']],
  ]);
  const header = new MessageHeader();
  header.read(good, 0, good.length);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
      const bytes = Buffer.from(good);
      bytes[at] = byte;
      const columns = new EntryColumns(slotsOf(wanted));
      const end = Math.max(header.start, header.end - length);
      try {
        columns.decode(bytes.subarray(0, end), header.start, end);
      } catch (error) {
        expect(String(error)).toContain('MalformedError');
        return;
      }
      for (let i = 0; i < 2; i++) expect(columns.valueEnd[i]).toBeLessThanOrEqual(end);
    }),
  );
});

function slotsOf(names: readonly string[]): AttributeSlots {
  const slots = new AttributeSlots(undefined);
  for (const name of names) slots.add(name);
  return slots;
}

function chunks(bytes: Buffer, sizes: Iterator<number>): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size: number = sizes.next().value ?? 1;
    pieces.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return pieces;
}

/** @param works says after which pieces the messages that are whole are worked on */
function decoded(pieces: readonly Buffer[], works: Iterator<boolean>): Decoded[] {
  const columns = new EntryColumns(slotsOf(wanted));
  const header = new MessageHeader();
  const found: Decoded[] = [];
  const buffer = new MessageBuffer();
  for (const [number, piece] of pieces.entries()) {
    if (number % 3 === 0) buffer.append(piece);
    else appendInPlace(buffer, piece);
    // Whoever keeps a range of a piece reads rubbish.
    piece.fill(0xff);
    for (let end = buffer.messageEnd(buffer.scanned); end !== undefined; end = buffer.messageEnd(end))
      buffer.scanned = end;
    if (works.next().value === false && number < pieces.length - 1) continue;
    while (buffer.start < buffer.scanned) {
      header.read(buffer.bytes, buffer.start, buffer.messageEnd(buffer.start) ?? 0);
      columns.decode(header.bytes, header.start, header.end);
      found.push({ id: header.id, dn: columns.dn(), values: valuesOf(columns) });
      buffer.start = header.messageEnd;
    }
  }
  expect(buffer.end).toBe(buffer.scanned);
  return found;
}

/** As a connection does that reads to where there is room. */
function appendInPlace(buffer: MessageBuffer, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    const room = buffer.room();
    const piece = bytes.subarray(at, at + room.length);
    room.set(piece);
    buffer.append(room.subarray(0, piece.length));
    at += piece.length;
  }
}

function valuesOf(columns: EntryColumns): string[][] {
  return [0, 1, 2, 3, 4, 5].map((column) => {
    const first = columns.first[column] ?? 0;
    return Array.from({ length: columns.count[column] ?? 0 }, (_, v) =>
      Buffer.from(
        columns.bytes.subarray(columns.valueStart[first + v], columns.valueEnd[first + v]),
      ).toString('hex'),
    );
  });
}

function byLdapts(bytes: Buffer, count: number): Decoded[] {
  const found: Decoded[] = [];
  const parser = new MessageParser();
  parser.on('message', (message) => {
    if (!(message instanceof SearchEntry)) throw new Error('not an entry');
    const valuesOf = (wants: (name: string) => boolean) =>
      message.attributes
        .filter(({ type }) => wants(type))
        .flatMap(({ parsedBuffers }) => parsedBuffers.map((b) => b.toString('hex')));
    found.push({
      id: message.messageId,
      dn: message.name,
      values: [
        ...wanted.map((name) => valuesOf((type) => type.toLowerCase() === name.toLowerCase())),
        ...wanted.map((name) => valuesOf((type) => type.toLowerCase().startsWith(`${name.toLowerCase()};`))),
      ],
    });
  });
  parser.read(bytes, new Map());
  expect(found).toHaveLength(count);
  return found;
}
