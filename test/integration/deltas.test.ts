import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ldapts';
import { onTestFinished, test } from 'vitest';
import { settingsFor } from '../ldap/collect.ts';
import { startLiving } from '../ldap/deltas/fixture.ts';
import { World } from '../ldap/deltas/world.ts';
import { manager, managerPassword, startSlapd, suffix } from '../ldap/slapd.ts';
import { startSamba } from '../samba/samba.ts';
import { checkHubs, type Place } from './deltas.ts';

const schema = [join(import.meta.dirname, '../../fixtures/schema/active-directory.schema')];

async function startPlace(): Promise<Place> {
  const living = await startLiving();
  const { server, settings, world } = living;
  return {
    settings,
    world,
    disturbances: {
      'a run fails': async (run) => {
        server.setFault({ kind: 'drop', page: 1, entry: 0 });
        await run();
        server.setFault();
      },
      'the server takes no cursor': async (run) => {
        server.refuseCookies();
        await run();
      },
      'something changes while everything is searched': async (run) => {
        server.refuseCookies();
        let left = 3;
        server.beforePage(async () => {
          if (left-- > 0) await world.change(left * 5, left * 7, left * 11);
        });
        await run();
        server.beforePage(undefined);
      },
      'deletions are not seen': async (run) => {
        server.showDeletions(false);
        await world.deletePerson(3);
        await run();
        server.showDeletions(true);
        await run({ full: true });
      },
    },
    [Symbol.asyncDispose]: () => living[Symbol.asyncDispose](),
  };
}

/** A unit of its own below `base`, for each sequence. */
function placesBelow(
  base: string,
  connect: () => Promise<Client>,
  id: 'objectGUID' | 'entryUUID',
  settingsOf: (base: string) => Place['settings'],
): () => Promise<Place> {
  let places = 0;
  return async () => {
    const client = await connect();
    const own = `OU=place${places++},${base}`;
    await client.add(own, { objectClass: 'organizationalUnit' });
    const world = new World(client, own, id);
    await world.start();
    const settings = settingsOf(own);
    return { settings, world, disturbances: {}, [Symbol.asyncDispose]: () => client.unbind() };
  };
}

test('whatever changes and however runs end, the tables are what a search of everything gives', async () => {
  await checkHubs(4, startPlace);
});

test('so they are with a domain controller', async () => {
  const samba = await startSamba();
  onTestFinished(() => samba.stop());
  const { ldapsUrl, caFile, adminDn, adminPassword, adminPasswordFile } = samba;
  const connect = async (): Promise<Client> => {
    const client = new Client({ url: ldapsUrl, tlsOptions: { rejectUnauthorized: false } });
    await client.bind(adminDn, adminPassword);
    return client;
  };
  const settingsOf = (base: string): Place['settings'] =>
    settingsFor([ldapsUrl], {
      base,
      caFile,
      delta: 'auto',
      bindDn: adminDn,
      passwordFile: adminPasswordFile,
    });
  await checkHubs(2, placesBelow(samba.base, connect, 'objectGUID', settingsOf));
});

test('so they are with content synchronisation', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'deltas-slapd-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const ldif = join(folder, 'ldif');
  writeFileSync(ldif, `dn: ${suffix}\nobjectClass: domainDNS\ndc: test\n`);
  const slapd = await startSlapd({
    folder: join(folder, 'slapd'),
    schema,
    ldif,
    serverLines: ['moduleload syncprov'],
    databaseLines: ['access to * by * read', 'overlay syncprov', 'syncprov-sessionlog 10000'],
  });
  onTestFinished(() => slapd.stop());
  const connect = async (): Promise<Client> => {
    const client = new Client({ url: slapd.url });
    await client.bind(manager, managerPassword);
    return client;
  };
  const settingsOf = (base: string): Place['settings'] => settingsFor([slapd.url], { base, delta: 'auto' });
  await checkHubs(4, placesBelow(suffix, connect, 'entryUUID', settingsOf));
});
