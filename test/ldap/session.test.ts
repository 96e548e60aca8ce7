import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { parseFilter } from '../../src/ldap/filter.ts';
import { encodeFilter } from '../../src/ldap/filter-ber.ts';
import { LinearMemory } from '../../src/ldap/linear-memory.ts';
import { MessageBuffer } from '../../src/ldap/message-buffer.ts';
import { connectReading } from '../../src/ldap/reading.ts';
import type { SearchParameters } from '../../src/ldap/search-request.ts';
import { Session } from '../../src/ldap/session.ts';
import { Visit } from '../../src/ldap/visit.ts';
import { searchDone, searchEntry } from './messages.ts';
import { type ScriptedServer, type SearchAsked, startScripted } from './scripted-server.ts';

const parameters: SearchParameters = {
  base: 'dc=test',
  scope: 'sub',
  filter: encodeFilter(parseFilter('(cn=*)')),
  attributes: ['cn'],
  timeLimit: 30,
  pageSize: 10,
};

async function sessionWith(server: ScriptedServer): Promise<Session> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  return new Session(socket, { directory: 'ad', url: server.url }, 30_000, new Visit(server.url));
}

/** So many pages, each with `entries` of `size` bytes. */
function pages(count: number, entries: number, size: number) {
  const value = Buffer.alloc(size, 'x');
  return ({ id, number }: SearchAsked): Buffer =>
    Buffer.concat([
      ...Array.from({ length: entries }, (_, i) => searchEntry(id, `cn=${number}-${i}`, [['cn', [value]]])),
      searchDone(id, 0, Buffer.from(number < count ? 'more' : '')),
    ]);
}

test('the next page is asked for before the entries of this one are worked on', async () => {
  const page = pages(3, 20, 1000);
  await using server = await startScripted({ search: (asked, socket) => socket.write(page(asked)) });
  const session = await sessionWith(server);
  const requests: number[] = [];
  await session.search(parameters, () => requests.push(session.requests));
  // Of the first page and the second, the last entries at least; the third is the last.
  expect(requests).toHaveLength(60);
  expect([requests[19], requests[39], requests[59]]).toEqual([2, 3, 3]);
  session.close();
});

/** Sends messages as many servers do, each by itself. */
async function sendSingly(socket: Socket, messages: readonly Buffer[]): Promise<void> {
  for (const message of messages) {
    socket.write(message);
    await setImmediate();
  }
}

function entries(id: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => searchEntry(id, `cn=${i}`, [['cn', [Buffer.from('x')]]]));
}

test('what a server sends entry by entry is not read entry by entry', async () => {
  await using server = await startScripted({
    search: ({ id }, socket) => sendSingly(socket, [...entries(id, 600), searchDone(id, 0, Buffer.of())]),
  });
  const socket = connectReading({ port: Number(new URL(server.url).port), host: '127.0.0.1' });
  await once(socket, 'connect');
  const session = new Session(socket, { directory: 'ad', url: server.url }, 30_000, new Visit(server.url));
  let chunks = 0;
  socket.on('data', () => chunks++);
  await session.search({ ...parameters, pageSize: 5000 }, () => {});
  expect(session.entries).toBe(600);
  expect(chunks).toBeLessThan(300);
  session.close();
});

test('a connection that is closed while nobody reads loses nothing that came before', async () => {
  await using server = await startScripted({
    search: async ({ id }, socket) => {
      await sendSingly(socket, entries(id, 100));
      socket.end();
    },
  });
  const session = await sessionWith(server);
  const search = session.search({ ...parameters, pageSize: 5000 }, () => {});
  await expect(search).rejects.toThrow('closed');
  expect(session.entries).toBe(100);
});

test('pages larger than any buffer come whole', async () => {
  const page = pages(4, 90, 70_000);
  await using server = await startScripted({ search: (asked, socket) => socket.write(page(asked)) });
  const session = await sessionWith(server);
  let bytes = 0;
  let ended = 0;
  await session.search(
    parameters,
    (_, start, end) => {
      bytes += end - start;
    },
    () => {
      ended++;
      expect(session.entries).toBe(90 * ended);
    },
  );
  expect(bytes).toBeGreaterThan(4 * 90 * 70_000);
  expect([session.entries, session.requests, ended]).toEqual([360, 4, 4]);
  session.close();
});

test('a connection that is closed behind the last word takes nothing away', async () => {
  const page = pages(1, 3000, 1000);
  await using server = await startScripted({ search: (asked, socket) => socket.end(page(asked)) });
  const session = await sessionWith(server);
  await session.search(parameters, () => {});
  expect(session.entries).toBe(3000);
  await expect(session.search(parameters, () => {})).rejects.toThrow('closed');
});

test('an abort counts until the last entry has been worked on', async () => {
  const page = pages(1, 3000, 1000);
  await using server = await startScripted({ search: (asked, socket) => socket.end(page(asked)) });
  const session = await sessionWith(server);
  const reason = new Error('enough');
  const search = session.search(parameters, () => {
    if (session.entries === 2000) session.abort(reason);
  });
  await expect(search).rejects.toBe(reason);
  expect(session.entries).toBe(2000);
});

test('searches follow each other on one connection', async () => {
  const page = pages(1, 2, 10);
  await using server = await startScripted({
    search: (asked, socket) => socket.write(page({ ...asked, number: 1 })),
  });
  const session = await sessionWith(server);
  for (let i = 0; i < 3; i++) await session.search(parameters, () => {});
  expect([session.entries, session.requests]).toEqual([6, 3]);
  expect(new Set(server.searches.map(({ id }) => id)).size).toBe(3);
  session.close();
});

test('a search for whose answer there is no memory left fails', async () => {
  const page = pages(1, 100, 10_000);
  await using server = await startScripted({ search: (asked, socket) => socket.write(page(asked)) });
  const socket = connectReading({ port: Number(new URL(server.url).port), host: '127.0.0.1' });
  await once(socket, 'connect');
  const session = new Session(socket, { directory: 'ad', url: server.url }, 30_000, new Visit(server.url));
  const full = new RangeError('no memory left');
  using _room = vi.spyOn(MessageBuffer.prototype, 'room').mockImplementation(() => {
    throw full;
  });
  await expect(session.search(parameters, () => {})).rejects.toBe(full);
  await expect(session.search(parameters, () => {})).rejects.toBe(full);
});

test('a session for which there is no memory leaves no connection open', async () => {
  await using server = await startScripted({ search: () => {} });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  using _bytes = vi.spyOn(LinearMemory.prototype, 'bytes').mockImplementation(() => {
    throw new RangeError('no memory left');
  });
  expect(
    () => new Session(socket, { directory: 'ad', url: server.url }, 30_000, new Visit(server.url)),
  ).toThrow('no memory left');
  expect(socket.destroyed).toBe(true);
});
