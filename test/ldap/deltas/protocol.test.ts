import { BerWriter } from 'ldapts';
import { expect, onTestFinished, test } from 'vitest';
import type { Cursor } from '../../../src/ldap/types.ts';
import { settingsFor } from '../collect.ts';
import { type Attributes, searchDone, searchEntry } from '../messages.ts';
import { type SearchAsked, startScripted } from '../scripted-server.ts';
import { Runs } from './runs.ts';

const PAGED = '1.2.840.113556.1.4.319';
const DIRSYNC = '1.2.840.113556.1.4.841';
const SYNC = '1.3.6.1.4.1.4203.1.9.1';
const uuid = (digit: string) => Buffer.from(digit.repeat(32), 'hex');

/** One BER element around others. */
function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const whole = Buffer.concat(contents);
  const writer = new BerWriter();
  writer.writeByte(tag);
  writer.writeLength(whole.length);
  return Buffer.concat([writer.buffer, whole]);
}

const octets = (value: string | Buffer) => element(0x04, Buffer.from(value));
const number = (value: number, tag = 0x02) => element(tag, Buffer.from([value]));
const TRUE = element(0x01, Buffer.from([0xff]));

/** A message with a control behind its operation. */
function withControl(message: Buffer, oid: string, value: Buffer): Buffer {
  const start = (message[1] ?? 0) < 0x80 ? 2 : 2 + (message[1] ?? 0) - 0x80;
  return element(0x30, message.subarray(start), element(0xa0, element(0x30, octets(oid), octets(value))));
}

/** An intermediate response (RFC 4511, 4.13) with a Sync Info value. */
const info = (id: number, value: Buffer, name = `${SYNC}.4`) =>
  element(
    0x30,
    element(0x02, Buffer.from([id >> 8, id & 0xff])),
    element(0x79, element(0x80, Buffer.from(name)), element(0x81, value)),
  );
const syncEntry = (id: number, state: number, of: Buffer) =>
  withControl(
    searchEntry(id, 'cn=x,dc=test', []),
    `${SYNC}.2`,
    element(0x30, number(state, 0x0a), octets(of)),
  );
const syncDone = (id: number, ...contents: readonly Buffer[]) =>
  withControl(searchDone(id, 0), `${SYNC}.3`, element(0x30, ...contents));

/** A server that answers with nothing but what `answer` says to a search that is neither in pages nor of one object. */
async function scripted(
  controls: readonly string[],
  answer: (asked: SearchAsked) => readonly Buffer[],
  root?: Attributes,
): Promise<{ runs: Runs; searches: readonly SearchAsked[] }> {
  const server = await startScripted({
    supportedControls: [PAGED, ...controls],
    ...(root === undefined ? {} : { root }),
    search: (asked, socket) => {
      const messages =
        asked.page !== undefined
          ? [searchDone(asked.id, 0, Buffer.alloc(0))]
          : asked.scope === 0 || asked.sizeLimit > 0
            ? [searchDone(asked.id, 0)]
            : answer(asked);
      socket.write(Buffer.concat(messages));
    },
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { runs: new Runs(settingsFor([server.url], { delta: 'auto' })), searches: server.searches };
}

function cursor(kind: Cursor['kind'], scope: string, position: string): Cursor {
  const contents = {
    position: Buffer.from(position).toString('base64'),
    restarts: [],
    apart: [],
    everything: 0,
  };
  return { kind, scope, value: Buffer.from(JSON.stringify(contents)) };
}

const cookie = (value: string) => Buffer.from(value).toString('base64');
const synced = (keepsLog: boolean) =>
  cursor('syncrepl', 'contents dc=test', JSON.stringify({ cookie: cookie('start'), keepsLog }));

function positionOf({ cursor }: Runs): string {
  const { position } = JSON.parse(Buffer.from(cursor?.value ?? '{}').toString());
  return Buffer.from(position, 'base64').toString();
}

test('whatever form content synchronisation takes, it names what changed and what is gone', async () => {
  const { runs, searches } = await scripted([`${SYNC}.1`], ({ id }) => [
    info(id, element(0x80, Buffer.from('first'))),
    info(id, element(0x04, Buffer.from('of something else')), '1.2.3.4'),
    syncEntry(id, 0, uuid('0')),
    syncEntry(id, 1, uuid('1')),
    syncEntry(id, 2, uuid('2')),
    syncEntry(id, 3, uuid('3')),
    info(id, element(0xa3, octets('second'), TRUE, element(0x31, octets(uuid('4')), octets(uuid('5'))))),
    info(id, element(0xa3, element(0x31, octets(uuid('6'))))),
    info(id, element(0xa1, octets('third'))),
    syncDone(id, TRUE),
  ]);
  runs.cursor = synced(true);
  expect(await runs.next()).toMatchObject({ mode: 'delta', deletionsSeen: true });
  expect(runs.sink.changes).toEqual(['1', '2'].map((digit) => digit.repeat(32)));
  expect(runs.sink.deleted.toSorted()).toEqual(['3', '4', '5'].map((digit) => digit.repeat(32)));
  expect(JSON.parse(positionOf(runs))).toEqual({ cookie: cookie('third'), keepsLog: true });
  expect(searches.at(-1)?.page).toBeDefined();
});

test('a present phase tells of no deletion, and one where there was a log is no answer', async () => {
  const present = ({ id }: SearchAsked) => [
    info(id, element(0xa2, octets('next'))),
    info(id, element(0xa3, element(0x31, octets(uuid('6'))))),
    syncDone(id),
  ];
  const { runs } = await scripted([`${SYNC}.1`], present);
  runs.cursor = synced(false);
  expect(await runs.next()).toMatchObject({ mode: 'delta', deletionsSeen: false });
  expect(JSON.parse(positionOf(runs))).toEqual({ cookie: cookie('next'), keepsLog: false });
  runs.cursor = synced(true);
  expect(await runs.next()).toMatchObject({
    mode: 'full',
    fullBecause: 'the session log of the server does not reach back to the last run',
  });
});

test('nothing new leaves the cookie as it was', async () => {
  const { runs } = await scripted([`${SYNC}.1`], ({ id }) => [syncDone(id, TRUE)]);
  runs.cursor = synced(false);
  expect(await runs.next()).toMatchObject({ mode: 'delta', deletionsSeen: true });
  expect(JSON.parse(positionOf(runs))).toEqual({ cookie: cookie('start'), keepsLog: false });
});

test('e-syncRefreshRequired makes it a full extraction', async () => {
  let answers = 0;
  const { runs } = await scripted([`${SYNC}.1`], ({ id }) =>
    answers++ === 0 ? [searchDone(id, 4096)] : [syncDone(id, octets('now'), TRUE)],
  );
  runs.cursor = synced(true);
  expect(await runs.next()).toMatchObject({
    mode: 'full',
    fullBecause: 'content synchronisation was answered with e-syncRefreshRequired (4096)',
    cursor: { kind: 'syncrepl' },
  });
});

test.each<[string, (asked: SearchAsked) => readonly Buffer[], string]>([
  [
    'an entry without its state',
    ({ id }) => [searchEntry(id, 'cn=x,dc=test', []), syncDone(id, TRUE)],
    'an entry without its state',
  ],
  ['no end', ({ id }) => [searchDone(id, 0)], 'no end of it'],
  [
    'a short id',
    ({ id }) => [syncEntry(id, 1, Buffer.from('short')), syncDone(id, TRUE)],
    'an id that is no UUID',
  ],
  [
    'a control that is cut off',
    ({ id }) => [withControl(searchDone(id, 0), `${SYNC}.3`, Buffer.from([0x30, 9]))],
    'the answer is damaged',
  ],
])('content synchronisation with %s is no answer', async (_, answer, problem) => {
  const { runs } = await scripted([`${SYNC}.1`], answer);
  const before = synced(true);
  runs.cursor = before;
  await expect(runs.next()).rejects.toThrow(problem);
  expect(runs.cursor).toBe(before);
});

const domain: Attributes = [
  ['namingContexts', ['dc=test']],
  ['supportedCapabilities', ['1.2.840.113556.1.4.800']],
];
const dirSyncDone = (id: number, more: number, next: string) =>
  withControl(searchDone(id, 0), DIRSYNC, element(0x30, number(more), number(0), octets(next)));
const changed = (id: number, ...attributes: Attributes) => searchEntry(id, 'cn=x,dc=test', attributes);

test('DirSync is asked until there is no more', async () => {
  let answers = 0;
  const { runs } = await scripted(
    [DIRSYNC],
    ({ id }) => {
      const digit = String(++answers);
      return [
        changed(id, ['objectGUID', [uuid(digit)]]),
        dirSyncDone(id, answers < 3 ? 1 : 0, `cookie${digit}`),
      ];
    },
    domain,
  );
  runs.cursor = cursor('dirsync', 'domain dc=test', 'start');
  expect(await runs.next()).toMatchObject({ mode: 'delta', deletionsSeen: false });
  expect(runs.sink.changes).toEqual(['1', '2', '3'].map((digit) => digit.repeat(32)));
  expect(positionOf(runs)).toBe('cookie3');
});

test.each<[string, (asked: SearchAsked) => readonly Buffer[], string]>([
  ['no control', ({ id }) => [searchDone(id, 0)], 'DirSync was answered with no control'],
  [
    'an object without its GUID',
    ({ id }) => [changed(id, ['name', ['x']]), dirSyncDone(id, 0, 'x')],
    'DirSync was answered with an object without its objectGUID',
  ],
  ['no end', ({ id }) => [dirSyncDone(id, 1, 'x')], '1000 answers in a row were empty and promised more'],
  ['no cookie', ({ id }) => [withControl(searchDone(id, 0), DIRSYNC, element(0x30, number(0)))], 'damaged'],
])('DirSync with %s is no answer', async (_, answer, problem) => {
  const { runs } = await scripted([DIRSYNC], answer, domain);
  runs.cursor = cursor('dirsync', 'domain dc=test', 'start');
  await expect(runs.next()).rejects.toThrow(problem);
});

test.each([
  ['syncrepl', 'contents dc=test', ''],
  ['syncrepl', 'contents dc=test', '{"cookie":1}'],
  ['syncrepl', 'contents dc=test', 'null'],
] as const)('a position that is none of %s is refused', async (kind, scope, position) => {
  const { runs } = await scripted([`${SYNC}.1`], ({ id }) => [syncDone(id, octets('now'), TRUE)]);
  runs.cursor = cursor(kind, scope, position);
  expect(await runs.next()).toMatchObject({
    mode: 'full',
    fullBecause: 'the cursor is not one of this program',
  });
});
