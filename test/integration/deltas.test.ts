import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ldapts';
import { expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../fixtures/server/fault.ts';
import type { DirectorySettings } from '../../src/ldap/types.ts';
import { Program } from '../cli/program.ts';
import { settingsFor } from '../ldap/collect.ts';
import { startLiving } from '../ldap/deltas/fixture.ts';
import { World } from '../ldap/deltas/world.ts';
import { manager, managerPassword, startSlapd, suffix } from '../ldap/slapd.ts';
import { startSamba, startSuccessor } from '../samba/samba.ts';
import { checkHubs, Hubs, type Kill, type Place } from './deltas.ts';

const schema = [join(import.meta.dirname, '../../fixtures/schema/active-directory.schema')];

const program = Program.forFile();

/** Two servers of one directory, of which the first is asked first as long as it is there. */
async function startPlace(changes: Partial<DirectorySettings> = {}): Promise<Place> {
  const living = await startLiving(changes);
  const { server, world } = living;
  const twin = await server.startTwin();
  const both = [server, twin];
  let isAway = false;
  const setFault = (...faults: readonly Fault[]): void => {
    server.setFault(...(isAway ? [{ kind: 'close' } as const] : faults));
    twin.setFault(...faults);
  };
  return {
    settings: { ...living.settings, urls: both.map(({ url }) => url) },
    world,
    disturbances: {
      'a run fails': async (run) => {
        setFault({ kind: 'drop', page: 1, entry: 0 });
        await run();
        setFault();
      },
      'the first server goes away, or comes back': async (run) => {
        isAway = !isAway;
        setFault();
        await run();
      },
      'the first server goes away, and the other has another invocation': async (run) => {
        isAway = true;
        setFault();
        twin.refuseCookies();
        await run();
      },
      'the servers take no cursor': async (run) => {
        for (const each of both) each.refuseCookies();
        await run();
      },
      'something changes while everything is searched': async (run) => {
        let left = 3;
        for (const each of both) {
          each.refuseCookies();
          each.beforePage(async () => {
            if (left-- > 0) await world.change(left * 5, left * 7, left * 11);
          });
        }
        await run();
        for (const each of both) each.beforePage(undefined);
      },
      'deletions are not seen': async (run) => {
        for (const each of both) each.showDeletions(false);
        await world.deletePerson(3);
        await run();
        for (const each of both) each.showDeletions(true);
      },
    },
    async [Symbol.asyncDispose]() {
      await twin.stop();
      await living[Symbol.asyncDispose]();
    },
  };
}

interface Served {
  /** That may change everything below. */
  connect(): Promise<Client>;
  settings(base: string): DirectorySettings;
  /** Another server takes its place. */
  replace(): Promise<void>;
}

/** A unit of its own below `base`, for each sequence. */
function placesBelow(base: string, id: 'objectGUID' | 'entryUUID', served: Served): () => Promise<Place> {
  let places = 0;
  return async () => {
    let client = await served.connect();
    const own = `OU=place${places++},${base}`;
    await client.add(own, { objectClass: 'organizationalUnit' });
    const world = new World(client, own, id);
    await world.start();
    return {
      get settings() {
        return served.settings(own);
      },
      world,
      disturbances: {
        'another server takes the place of the one before': async () => {
          await client.unbind();
          await served.replace();
          client = await served.connect();
          world.use(client);
        },
      },
      [Symbol.asyncDispose]: () => client.unbind(),
    };
  };
}

async function startDomain(who: 'administrator' | 'account'): Promise<() => Promise<Place>> {
  let samba = await startSamba();
  onTestFinished(() => samba.stop());
  return placesBelow(samba.base, 'objectGUID', {
    async connect() {
      const client = new Client({ url: samba.ldapsUrl, tlsOptions: { rejectUnauthorized: false } });
      await client.bind(samba.adminDn, samba.adminPassword);
      return client;
    },
    settings(base) {
      const { caFile, ldapsUrl } = samba;
      const bind =
        who === 'account'
          ? { bindDn: samba.bindDn, passwordFile: samba.passwordFile }
          : { bindDn: samba.adminDn, passwordFile: samba.adminPasswordFile };
      return settingsFor([ldapsUrl], { base, caFile, delta: 'auto', ...bind });
    },
    async replace() {
      samba = await startSuccessor(samba);
    },
  });
}

test('whatever changes and however runs end, the tables are what a search of everything gives', async () => {
  await checkHubs(4, program, () => startPlace());
  await checkHubs(3, program, () => startPlace({ delta: 'syncrepl', idAttribute: 'entryUUID' }));
});

test('so they are with a domain controller', async () => {
  await checkHubs(2, program, await startDomain('administrator'));
});

test('so they are, but for deletions, with an account that does not see these', async () => {
  const start = await startDomain('account');
  await checkHubs(1, program, start);

  await using place = await start();
  const { world } = place;
  const hubs = new Hubs(place, program);
  onTestFinished(() => hubs.remove());
  await world.addNewcomer(0, false);
  await hubs.run();
  // Those that a world begins with come before.
  await world.deletePerson(6);
  await world.changeAddresses(0, 4);
  expect((await hubs.run()).directories).toMatchObject([{ mode: 'delta', deletionsSeen: false }]);
  expect(await hubs.expectSame(), 'whoever is deleted stays').toBe(1);
  await hubs.run({ full: true });
  expect(await hubs.expectSame(), 'until everything is read').toBe(0);
});

test('so they are with content synchronisation', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'deltas-slapd-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const ldif = join(folder, 'ldif');
  writeFileSync(ldif, `dn: ${suffix}\nobjectClass: domainDNS\ndc: test\n`);
  const start = () =>
    startSlapd({
      folder: join(folder, 'slapd'),
      schema,
      ldif,
      serverLines: ['moduleload syncprov'],
      databaseLines: ['access to * by * read', 'overlay syncprov', 'syncprov-sessionlog 10000'],
    });
  let slapd = await start();
  onTestFinished(() => slapd.stop());
  const places = placesBelow(suffix, 'entryUUID', {
    async connect() {
      const client = new Client({ url: slapd.url });
      await client.bind(manager, managerPassword);
      return client;
    },
    settings: (base) => settingsFor([slapd.url], { base, delta: 'auto' }),
    // With the same contents, but without the session log.
    async replace() {
      await slapd.stop();
      slapd = await start();
    },
  });
  await checkHubs(4, program, places);
});

const inMirror: readonly Kill[] = [
  ...[1, 8, 14].map((at) => ({ call: 'write', at, inMirror: true }) as const),
  ...[1, 2, 3, 4].map((at) => ({ call: 'fsync', at, inMirror: true }) as const),
  { call: 'unlink', at: 1, inMirror: true },
];
const anywhere: readonly Kill[] = [
  ...[1, 3, 7, 10].map((at) => ({ call: 'fsync', at, inMirror: false }) as const),
  ...[1, 2, 3, 4].map((at) => ({ call: 'rename', at, inMirror: false }) as const),
];

test.each([
  ['changes', [...inMirror, ...anywhere]],
  ['everything', inMirror],
])('killed at any moment of a run that reads %s, the next one makes up for it', async (what, kills) => {
  await using place = await startPlace();
  const { world } = place;
  const hubs = new Hubs(place, program);
  onTestFinished(() => hubs.remove());
  await hubs.run();
  for (const [i, kill] of kills.entries()) {
    await world.change(i, i * 7, i * 5 + 1);
    // To both tables comes something.
    await world.addNewcomer(i, true);
    await world.addNewcomer(i, false);
    expect(await hubs.kill(kill, what === 'everything'), `it comes to ${JSON.stringify(kill)}`).toBe(true);
    await hubs.run();
    await hubs.expectSame();
  }
});
