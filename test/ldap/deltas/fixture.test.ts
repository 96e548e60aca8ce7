import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { FixtureServer } from '../../../fixtures/server/server.ts';
import { type LivingServer, startLiving } from './fixture.ts';
import { checkDeltas } from './property.ts';
import { Runs, selections } from './runs.ts';

async function start(...changes: Parameters<typeof startLiving>): Promise<LivingServer> {
  const living = await startLiving(...changes);
  onTestFinished(() => living[Symbol.asyncDispose]());
  return living;
}

/** People in a unit of their own. */
async function addPeople(
  { client, base }: LivingServer,
  unit: string,
  count: number,
  from = 0,
): Promise<void> {
  if (from === 0) await client.add(`OU=${unit},${base}`, { objectClass: 'organizationalUnit' });
  for (let i = from; i < from + count; i++) {
    await client.add(`CN=${unit}${i},OU=${unit},${base}`, {
      objectClass: 'user',
      mailNickname: `${unit}${i}`,
      proxyAddresses: [`SMTP:${unit}${i}@example.org`],
    });
  }
}

function beforeEachPage(server: FixtureServer, act: () => Promise<void>): void {
  let isActing = false;
  server.beforePage(async () => {
    // What is done to the server by LDAP must not come back here.
    if (isActing) return;
    isActing = true;
    await act();
    isActing = false;
  });
}

test('after any changes, the deltas come to what one search of everything finds', () =>
  checkDeltas(40, start));

test('without sight of deletions, deltas miss these and nothing else', () =>
  checkDeltas(20, async () => {
    const living = await start();
    living.server.showDeletions(false);
    return living;
  }));

test('with times of modification, too', () => checkDeltas(20, () => start({ delta: 'timestamp' })));

const synchronised = { delta: 'syncrepl', idAttribute: 'entryUUID' } as const;

test('with content synchronisation, too', () => checkDeltas(20, () => start(synchronised)));

test('without a session log, content synchronisation misses deletions and nothing else', () =>
  checkDeltas(10, async () => {
    const living = await start(synchronised);
    living.server.showDeletions(false);
    return living;
  }));

test('what changes while everything is searched is neither lost nor twice', () =>
  checkDeltas(30, async () => {
    const living = await start({ pageSize: 2 });
    let seed = 7;
    let left = 20;
    let isResting = false;
    beforeEachPage(living.server, async () => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      if (!isResting && left-- > 0) await living.world.change(seed % 9, seed % 50, seed % 31);
    });
    const rest = (now: boolean) => {
      isResting = now;
    };
    return { ...living, rest };
  }));

test('an unchanged hour takes six requests and no entry of a recipient; a hundred changes take at most twelve', async () => {
  const living = await start({ pageSize: 1000 });
  const { server, client, base, settings } = living;
  await addPeople(living, 'many', 150);
  const runs = new Runs(settings);
  expect(await runs.next()).toMatchObject({ mode: 'full', cursor: { kind: 'dirsync' } });

  expect(await runs.next()).toMatchObject({ mode: 'delta', report: { requests: 5, entries: 0 } });
  // The unbind among them, which nobody waits for.
  await expect.poll(() => server.clients.at(-1)?.unbinds).toBe(1);
  expect(server.clients.at(-1)).toMatchObject({ requests: 6, binds: 1, searches: 4 });
  // The root DSE, the domain, and the container of deleted objects.
  expect(server.clients.at(-1)?.entries).toBe(3);

  for (let i = 0; i < 100; i++) await client.modifyDN(`CN=many${i},OU=many,${base}`, `CN=renamed${i}`);
  for (let i = 0; i < 20; i++) await client.del(`CN=many${i + 100},OU=many,${base}`);
  expect(await runs.next()).toMatchObject({ mode: 'delta', report: { entries: 100 } });
  await expect.poll(() => server.clients.at(-1)?.unbinds).toBe(1);
  expect(server.clients.at(-1)?.requests).toBeLessThanOrEqual(12);
  expect(runs.contents).toEqual(await runs.fresh());
});

test('a unit that is renamed while everything is searched makes the search start over', async () => {
  const living = await start({ pageSize: 5 });
  const { server, client, base, settings } = living;
  await addPeople(living, 'first', 30);
  const runs = new Runs(settings);
  let renames = 0;
  beforeEachPage(server, async () => {
    if (renames++ === 3) await client.modifyDN(`OU=first,${base}`, 'OU=second');
  });
  const extraction = await runs.next();
  expect(extraction.mode).toBe('full');
  expect(runs.sink.begins).toEqual(['full', 'full']);
  expect(runs.contents).toEqual(await runs.fresh());
});

test('when units are renamed again and again, the extraction fails rather than guess', async () => {
  const living = await start({ pageSize: 5 });
  const { server, client, base, settings } = living;
  await addPeople(living, 'unit0', 10);
  let renames = 0;
  beforeEachPage(server, async () => {
    await client.modifyDN(`OU=unit${renames},${base}`, `OU=unit${++renames}`);
  });
  await expect(new Runs(settings).next()).rejects.toThrow(
    /in each of 3 searches, OU=unit\d+,.* was changed, and may have been moved or renamed/,
  );
});

test('a unit without recipients may be renamed at no cost', async () => {
  const { client, base, settings } = await start();
  const runs = new Runs(settings);
  await client.add(`OU=empty,${base}`, { objectClass: 'organizationalUnit' });
  await runs.next();
  await client.modifyDN(`OU=empty,${base}`, 'OU=still empty');
  expect((await runs.next()).mode).toBe('delta');
});

test('a change of what nobody asks for is no change', async () => {
  const { server, base, settings } = await start();
  const runs = new Runs(settings);
  await runs.next();
  const modify = (attribute: string) =>
    server.changes.modify(`CN=reader,${base}`, [
      { kind: 'replace', attribute, values: [Buffer.from('SMTP:reader@example.org')] },
    ]);
  modify('description');
  expect(await runs.next()).toMatchObject({ mode: 'delta', report: { requests: 5 } });
  modify('proxyAddresses');
  expect((await runs.next()).mode).toBe('delta');
  expect(runs.sink.changes).toHaveLength(1);
});

test('a refused cookie, and the cookie of another domain, end in a full extraction that says so', async () => {
  const { server, settings } = await start();
  const runs = new Runs(settings);
  await runs.next();
  server.refuseCookies();
  expect(await runs.next()).toMatchObject({
    mode: 'full',
    fullBecause: expect.stringContaining('DirSync was answered with unavailableCriticalExtension (12)'),
  });
  expect((await runs.next()).mode).toBe('delta');

  if (runs.cursor !== undefined) runs.cursor = { ...runs.cursor, scope: 'domain 00' };
  expect(await runs.next()).toMatchObject({
    mode: 'full',
    fullBecause: expect.stringMatching(/^the cursor is good for domain 00 and not for domain [0-9a-f]{32}$/),
  });
  expect(runs.contents).toEqual(await runs.fresh());
});

test.each([
  ['no cursor', Buffer.from('{}')],
  ['nothing', Buffer.alloc(0)],
])('a cursor that is %s is refused', async (_, value) => {
  const { settings } = await start();
  const runs = new Runs(settings);
  await runs.next();
  if (runs.cursor !== undefined) runs.cursor = { ...runs.cursor, value };
  expect(await runs.next()).toMatchObject({
    mode: 'full',
    fullBecause: 'the cursor is not one of this program',
  });
});

test('another way of asking for changes makes the next extraction a full one', async () => {
  const living = await start();
  const runs = new Runs(living.settings);
  await runs.next();
  const others = new Runs({ ...living.settings, delta: 'timestamp' });
  others.cursor = runs.cursor;
  expect(await others.next()).toMatchObject({
    mode: 'full',
    fullBecause: 'changes are not asked for by dirsync any more',
    cursor: { kind: 'timestamp' },
    deletionsSeen: false,
  });
});

test('sight of deletions is told of each run as it is then', async () => {
  const { server, settings, world } = await start();
  const runs = new Runs(settings);
  expect((await runs.next()).deletionsSeen).toBe(true);
  server.showDeletions(false);
  await world.deletePerson(0);
  expect((await runs.next()).deletionsSeen).toBe(false);
  server.showDeletions(true);
  expect((await runs.next()).deletionsSeen).toBe(true);
});

test('more addresses than a server answers at once are read to the end', async () => {
  const { client, base, settings } = await start();
  const runs = new Runs(settings);
  await runs.next();
  const proxyAddresses = Array.from({ length: 1600 }, (_, i) => `smtp:crowd${i}@example.org`);
  proxyAddresses[0] = 'SMTP:crowd0@example.org';
  await client.add(`CN=crowd,${base}`, {
    objectClass: 'group',
    groupType: '2',
    mailNickname: 'crowd',
    proxyAddresses,
  });
  expect((await runs.next()).mode).toBe('delta');
  expect(runs.contents.filter((line) => line.includes('crowd'))).toHaveLength(1600);
  expect(runs.contents).toEqual(await runs.fresh());
});

test('more changes than one batch are read in several', async () => {
  const living = await start();
  const runs = new Runs(living.settings);
  await addPeople(living, 'batch', 1);
  await runs.next();
  await addPeople(living, 'batch', 450, 1);
  const extraction = await runs.next();
  expect(extraction).toMatchObject({ mode: 'delta', report: { entries: 450 } });
  expect(extraction.report.selections[0]?.recipients).toBe(450);
  expect(runs.contents).toEqual(await runs.fresh());
});

describe('a server that looks through everything for each batch of ids', () => {
  /** 600 changes, of which each page takes five seconds by the clock; everything took no time. */
  async function startSlow(): Promise<{ runs: Runs; asked: () => number }> {
    const living = await start();
    const runs = new Runs(living.settings);
    await addPeople(living, 'slow', 1);
    await runs.next();
    await addPeople(living, 'slow', 600, 1);
    const { now } = performance;
    let late = 0;
    let pages = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + late);
    onTestFinished(() => clock.mockRestore());
    living.server.beforePage(() => {
      late += 5000;
      pages++;
    });
    return { runs, asked: () => pages };
  }

  test('is asked for everything after the first of them', async () => {
    const { runs } = await startSlow();
    expect(await runs.next()).toMatchObject({
      mode: 'full',
      fullBecause: expect.stringMatching(
        /would take longer than reading everything: .* index of objectGUID\?$/,
      ),
    });
    expect(runs.sink.begins.slice(-2)).toEqual(['delta', 'full']);
    expect(runs.contents).toEqual(await runs.fresh());
  });

  test('is asked for all of them where everything is not wanted', async () => {
    const { runs } = await startSlow();
    expect(await runs.next({ isPatient: true })).toMatchObject({ mode: 'delta', report: { entries: 600 } });
    expect(runs.contents).toEqual(await runs.fresh());
  });
});

test('a filter that only the server can judge is judged by it, of changed objects too', async () => {
  const living = await start();
  const [first] = selections;
  if (first === undefined) throw new Error('no selection');
  const filters = [first.filter, '(&(proxyAddresses=*)(mailNickname=two words))', '(mailNickname~=nick3)'];
  const runs = new Runs(
    living.settings,
    filters.map((filter) => ({ ...first, filter })),
  );
  await runs.next();
  const { client, base } = living;
  const person = { objectClass: 'user', proxyAddresses: 'SMTP:words@example.org' };
  await client.add(`CN=words,${base}`, { ...person, mailNickname: 'Two  Words' });
  const extraction = await runs.next();
  expect(extraction.mode).toBe('delta');
  expect(runs.contents.filter((line) => line.includes('words'))).toHaveLength(2);
  expect(runs.contents).toEqual(await runs.fresh());
});

test.each(['drop', 'garbage', 'result'] as const)(
  'a server that goes wrong (%s) while it tells of changes has told of none',
  async (kind) => {
    const { server, settings, world } = await start({ pageSize: 3 });
    const runs = new Runs(settings);
    await runs.next();
    const before = runs.contents;
    const { cursor } = runs;
    await world.changeAddresses(0, 3);
    await world.changeAddresses(1, 4);
    const fault = kind === 'result' ? ({ kind, result: 'busy' } as const) : { kind };
    for (const place of [
      { phase: 'delta', page: 1, entry: 0 },
      { phase: 'delta', page: 1, entry: 1 },
      { page: 1, entry: 0 },
      { page: 1, entry: 1 },
    ] as const) {
      server.setFault({ ...fault, ...place });
      await expect(runs.next()).rejects.toThrow('directory ad: ');
      expect(runs.cursor).toBe(cursor);
      expect(runs.contents).toEqual(before);
    }
    server.setFault();
    expect((await runs.next()).mode).toBe('delta');
    expect(runs.contents).toEqual(await runs.fresh());
  },
);

test('the next server goes on where the one before broke off, with nothing of what that one had said', async () => {
  const { server, settings, world } = await start();
  const [url = ''] = settings.urls;
  const runs = new Runs({ ...settings, urls: [url, url.replace('127.0.0.1', 'localhost')] });
  await runs.next();
  await world.changeAddresses(0, 3);
  server.setFault({ kind: 'drop', page: 1, entry: 1, times: 1 });
  const extraction = await runs.next();
  expect(extraction).toMatchObject({ mode: 'delta', report: { failedServers: [{ url }] } });
  expect(runs.contents).toEqual(await runs.fresh());
});

test('DirSync is a mistake where the base is no part of a naming context', async () => {
  const { settings } = await start({ delta: 'dirsync', base: 'DC=elsewhere' });
  await expect(new Runs(settings).next()).rejects.toThrow(
    'delta = "dirsync" can\'t be had: the server does not offer it here',
  );
});
