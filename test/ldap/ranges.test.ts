import { expect, test } from 'vitest';
import { addresses, collect, settingsFor } from './collect.ts';
import { searchDone, searchEntry } from './messages.ts';
import { type Script, startScripted } from './scripted-server.ts';

const values = Array.from({ length: 3700 }, (_, i) => `${i === 3600 ? 'SMTP' : 'smtp'}:a${i}@example.org`);

/** Answers at most 1,500 values of an attribute at a time, as Active Directory does. */
function ranged(piece?: (first: number) => readonly [string, readonly string[]] | undefined): Script {
  const answer = (first: number) => {
    const last = Math.min(first + 1500, values.length) - 1;
    const name = `proxyAddresses;range=${first}-${last === values.length - 1 ? '*' : last}`;
    return [name, values.slice(first, last + 1)] as const;
  };
  return {
    search({ id, base, attributes }, socket) {
      if (base === 'dc=test') {
        socket.write(searchEntry(id, 'cn=Many,dc=test', [['proxyAddresses', []], answer(0)]));
        socket.write(searchEntry(id, 'cn=One,dc=test', [['proxyAddresses', ['SMTP:one@example.org']]]));
        socket.write(searchDone(id, 0, Buffer.alloc(0)));
        return;
      }
      const first = Number(/^proxyAddresses;range=([0-9]+)-\*$/i.exec(attributes.join())?.[1]);
      const next = piece === undefined ? answer(first) : piece(first);
      socket.write(searchEntry(id, base, next === undefined ? [] : [next]));
      socket.write(searchDone(id, 0));
    },
  };
}

test('a ranged attribute is read to its end before its recipient counts', async () => {
  await using server = await startScripted(ranged());
  const { entries, rejected, report } = await collect(settingsFor([server.url]), [addresses]);
  const expected = values.map((value) => `${value.slice(5)}: a3600@example.org`);
  expect(entries[0]?.toSorted()).toEqual([...expected, 'one@example.org: one@example.org'].sort());
  expect(rejected[0]).toEqual([]);
  expect(server.searches.map(({ base, scope, attributes }) => [base, scope, attributes])).toEqual([
    ['dc=test', 2, ['entryUUID', 'proxyAddresses']],
    ['cn=Many,dc=test', 0, ['proxyAddresses;range=1500-*']],
    ['cn=Many,dc=test', 0, ['proxyAddresses;range=3000-*']],
  ]);
  expect(report.entries).toBe(2);
});

test.each([
  ['does not come', () => undefined],
  ['starts elsewhere', () => ['proxyAddresses;range=1501-*', []] as const],
  ['ends before it starts', () => ['proxyAddresses;range=1500-1499', []] as const],
  ['is of another attribute', () => ['mail;range=1500-*', []] as const],
])('a piece that %s fails the source', async (_, piece) => {
  await using server = await startScripted(ranged(piece));
  await expect(collect(settingsFor([server.url]), [addresses])).rejects.toThrow(
    'proxyAddresses of cn=Many,dc=test came in pieces',
  );
});

test('an object that is gone when its pieces are asked for fails the source', async () => {
  await using server = await startScripted({
    search(asked, socket) {
      if (asked.base === 'dc=test') ranged().search?.(asked, socket);
      else socket.write(searchDone(asked.id, 32));
    },
  });
  await expect(collect(settingsFor([server.url]), [addresses])).rejects.toThrow('noSuchObject');
});
