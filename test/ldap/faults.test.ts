import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { DirectoryError } from '../../src/ldap/error.ts';
import { addresses, collect, settingsFor } from './collect.ts';
import { noticeOfDisconnection, searchDone, searchEntry, searchReference } from './messages.ts';
import { type Script, type SearchAsked, startScripted } from './scripted-server.ts';

const more = Buffer.from('more');
const end = Buffer.alloc(0);

function recipient(id: number, name: string): Buffer {
  return searchEntry(id, `cn=${name},dc=test`, [['proxyAddresses', [`SMTP:${name}@example.org`]]]);
}

/** Three pages of two recipients; `fault` answers the second in its own way. */
function threePages(fault?: (asked: SearchAsked, socket: Socket) => void): Script {
  return {
    search(asked, socket) {
      if (asked.number === 2 && fault !== undefined) {
        fault(asked, socket);
        return;
      }
      socket.write(recipient(asked.id, `first${asked.number}`));
      socket.write(recipient(asked.id, `second${asked.number}`));
      socket.write(searchDone(asked.id, 0, asked.number < 3 ? more : end));
    },
  };
}

const whole = [1, 2, 3].flatMap((page) => [
  `first${page}@example.org: first${page}@example.org`,
  `second${page}@example.org: second${page}@example.org`,
]);

async function failure(
  script: Script,
  changes: Parameters<typeof settingsFor>[1] = {},
): Promise<DirectoryError> {
  await using server = await startScripted(script);
  const error = await collect(settingsFor([server.url], changes), [addresses]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DirectoryError)) throw new Error(`no DirectoryError: ${String(error)}`);
  expect(error.message).toContain(`directory ad: ${server.url}: `);
  expect(error.url).toBe(server.url);
  return error;
}

test('pages are asked for with their cookie until it is empty', async () => {
  await using server = await startScripted(threePages());
  const { entries, report } = await collect(settingsFor([server.url], { operationTimeout: 2500 }), [
    addresses,
  ]);
  expect(entries[0]).toEqual(whole);
  expect(server.searches.map(({ page }) => page)).toEqual([
    { size: 100, cookie: end },
    { size: 100, cookie: more },
    { size: 100, cookie: more },
  ]);
  expect(server.searches.map(({ timeLimit }) => timeLimit)).toEqual([3, 3, 3]);
  expect(report).toMatchObject({ url: server.url, requests: 4, entries: 6, references: 0 });
});

test('an empty page with a cookie is not the end', async () => {
  await using server = await startScripted(
    threePages(({ id }, socket) => socket.write(searchDone(id, 0, more))),
  );
  const { entries } = await collect(settingsFor([server.url]), [addresses]);
  expect(entries[0]).toEqual([...whole.slice(0, 2), ...whole.slice(4)]);
});

test('search references are counted and not followed', async () => {
  await using server = await startScripted({
    search({ id }, socket) {
      socket.write(searchReference(id, 'ldap://elsewhere.example.org/dc=elsewhere,dc=test'));
      socket.write(recipient(id, 'anna'));
      socket.write(searchReference(id, 'ldap://other.example.org/dc=other,dc=test'));
      socket.write(searchDone(id, 0, end));
    },
  });
  const { entries, report } = await collect(settingsFor([server.url]), [addresses]);
  expect(entries[0]).toEqual(['anna@example.org: anna@example.org']);
  expect(report.references).toBe(2);
});

test('empty pages without end are given up', async () => {
  const error = await failure({ search: ({ id }, socket) => socket.write(searchDone(id, 0, more)) });
  expect(error.fault).toBe('protocol');
  expect(error.problem).toContain('pages in a row were empty');
});

test('an entry behind the last page fails the source', async () => {
  const error = await failure({
    search: ({ id }, socket) =>
      socket.write(Buffer.concat([recipient(id, 'anna'), searchDone(id, 0, end), recipient(id, 'late')])),
  });
  expect(error.fault).toBe('protocol');
  expect(error.problem).toContain('it answers a request that was not made');
});

test('a page without the paged results control is not taken for the last one', async () => {
  const error = await failure(threePages(({ id }, socket) => socket.write(searchDone(id, 0))));
  expect(error.fault).toBe('protocol');
  expect(error.problem).toContain('without the paged results control');
});

test.each([
  [1, 'operationsError', false],
  [3, 'timeLimitExceeded', false],
  [4, 'sizeLimitExceeded', false],
  [10, 'referral', false],
  [11, 'adminLimitExceeded', false],
  [32, 'noSuchObject', false],
  [50, 'insufficientAccessRights', false],
  [51, 'busy', true],
  [52, 'unavailable', true],
  [80, 'other', false],
  [4242, 'an unknown result', false],
])('result %i (%s) after a page fails the source', async (code, name, isServersOwn) => {
  const error = await failure(
    threePages(({ id }, socket) => {
      socket.write(recipient(id, 'half'));
      socket.write(searchDone(id, code, end, 'what the server\0 said'));
    }),
  );
  expect(error.fault).toBe('result');
  expect(error.result).toEqual({ code, name });
  expect(error.problem).toContain(`a search was answered with ${name} (${code}): what the server  said`);
  expect(error.isServersOwn).toBe(isServersOwn);
});

test('a connection that ends after an entry fails the source', async () => {
  const error = await failure(threePages(({ id }, socket) => socket.end(recipient(id, 'half'))));
  expect(error.fault).toBe('closed');
  expect(error.problem).toBe('the server closed the connection');
});

test('a connection that ends inside an entry fails the source', async () => {
  const error = await failure(
    threePages(({ id }, socket) => socket.end(recipient(id, 'half').subarray(0, 20))),
  );
  expect(error.fault).toBe('closed');
  expect(error.problem).toContain('in the middle of an answer');
});

test('a reset connection fails the source', async () => {
  const error = await failure(threePages((_, socket) => socket.resetAndDestroy()));
  expect(error.fault).toBe('closed');
});

test('a page that never comes fails the source in time', async () => {
  const error = await failure(
    threePages(() => {}),
    { operationTimeout: 100 },
  );
  expect(error.fault).toBe('timeout');
  expect(error.problem).toBe('no answer within 100 ms');
});

test('a page that does not end in time fails the source, and says what may help', async () => {
  const error = await failure(
    threePages(({ id }, socket) => socket.write(recipient(id, 'half'))),
    { operationTimeout: 100 },
  );
  expect(error.fault).toBe('timeout');
  expect(error.problem).toBe(
    'no whole answer within 100 ms, only 1 of its messages: a longer operation_timeout or a smaller page_size may help',
  );
});

test('a notice of disconnection is named', async () => {
  const error = await failure(threePages((_, socket) => socket.end(noticeOfDisconnection(52, 'going down'))));
  expect(error.fault).toBe('closed');
  expect(error.problem).toContain('unavailable (52) going down');
  expect(error.isServersOwn).toBe(true);
});

test('a notice that wants encryption stops at once', async () => {
  const error = await failure(threePages((_, socket) => socket.end(noticeOfDisconnection(8, 'sign!'))));
  expect(error.result?.name).toBe('strongerAuthRequired');
  expect(error.problem).toContain('use ldaps:// or starttls');
  expect(error.isServersOwn).toBe(false);
});

const damages: [string, (id: number) => Buffer][] = [
  ['an answer to another request', (id) => recipient(id + 7, 'stranger')],
  ['the end of another search', (id) => searchDone(id + 7, 0, end)],
  ['something else than LDAP', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['an indefinite length', () => Buffer.from([0x30, 0x80, 0x02, 0x01])],
  ['a length of five bytes', () => Buffer.from([0x30, 0x85, 0x01, 0, 0, 0, 0])],
  ['a message of 1 GiB', () => Buffer.from([0x30, 0x84, 0x40, 0, 0, 0])],
  ['a message without an id', () => Buffer.from([0x30, 0x04, 0x04, 0x02, 0x61, 0x62])],
  ['an empty message', () => Buffer.from([0x30, 0x00])],
  [
    'a result without a code',
    (id) => Buffer.from([0x30, 0x07, 0x02, 0x02, id >> 8, id & 255, 0x65, 0x01, 0x0a]),
  ],
  ['an empty result', (id) => Buffer.from([0x30, 0x06, 0x02, 0x02, id >> 8, id & 255, 0x65, 0x00])],
  [
    'an entry cut short',
    (id) => Buffer.from([0x30, 0x0a, 0x02, 0x02, id >> 8, id & 255, 0x64, 0x04, 0x04, 0x09, 0x63, 0x6e]),
  ],
  [
    'an operation that a client sends',
    (id) => Buffer.from([0x30, 0x06, 0x02, 0x02, id >> 8, id & 255, 0x63, 0x00]),
  ],
];

test.each(damages)('%s fails the source', async (_, bytes) => {
  const error = await failure(threePages(({ id }, socket) => socket.write(bytes(id))));
  expect(error.fault).toBe('protocol');
  expect(error.problem).toContain('the answer is damaged');
});

test('a server without paged results is refused', async () => {
  const error = await failure({ ...threePages(), supportedControls: ['1.2.3'] });
  expect(error.fault).toBe('configuration');
  expect(error.problem).toContain('does not offer paged results');
});

test('when a server breaks off, the next one is asked from the beginning', async () => {
  await using first = await startScripted(threePages((_, socket) => socket.end()));
  await using second = await startScripted(threePages());
  const { entries, report, attempts } = await collect(settingsFor([first.url, second.url]), [addresses]);
  expect(entries[0]).toEqual(whole);
  expect(attempts).toBe(2);
  expect(report.url).toBe(second.url);
  expect(report.failedServers).toEqual([{ url: first.url, message: 'the server closed the connection' }]);
  expect(second.searches[0]?.page?.cookie).toEqual(end);
});

test('when every server fails, the error names them all', async () => {
  await using first = await startScripted(
    threePages(({ id }, socket) => socket.write(searchDone(id, 51, end))),
  );
  await using second = await startScripted(threePages((_, socket) => socket.end()));
  const error = await collect(settingsFor([first.url, second.url]), [addresses]).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DirectoryError);
  expect(String(error)).toContain(
    `${second.url}: the server closed the connection; before that, ${first.url}: a search`,
  );
});

test('what another server would answer the same is not asked again', async () => {
  await using first = await startScripted(
    threePages(({ id }, socket) => socket.write(searchDone(id, 32, end))),
  );
  await using second = await startScripted(threePages());
  await expect(collect(settingsFor([first.url, second.url]), [addresses])).rejects.toThrow(
    'noSuchObject (32)',
  );
  expect(second.connections).toBe(0);
});

test('an abort ends the search with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  await using server = await startScripted(threePages(() => controller.abort(reason)));
  await expect(collect(settingsFor([server.url]), [addresses], { signal: controller.signal })).rejects.toBe(
    reason,
  );
});

test('an error of the receiver ends the search and is passed on', async () => {
  await using server = await startScripted(threePages());
  const progress = () => {
    throw new RangeError('too much');
  };
  await expect(collect(settingsFor([server.url]), [addresses], { progress })).rejects.toThrow('too much');
});

test('progress counts objects page by page', async () => {
  await using server = await startScripted(threePages());
  const seen: number[] = [];
  await collect(settingsFor([server.url]), [addresses], { progress: (entries) => seen.push(entries) });
  expect(seen).toEqual([2, 4, 6]);
});
