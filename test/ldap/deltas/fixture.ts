import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ldapts';
import type { LdifRecord } from '../../../fixtures/ldif.ts';
import { type FixtureServer, startFixtureServer } from '../../../fixtures/server/server.ts';
import type { DirectorySettings } from '../../../src/ldap/types.ts';
import { settingsFor } from '../collect.ts';
import { World } from './world.ts';

const base = 'DC=ad,DC=example,DC=ac,DC=uk';
const account = `CN=reader,${base}`;
const password = 'reader-secret';

export interface LivingServer extends AsyncDisposable {
  readonly server: FixtureServer;
  readonly settings: DirectorySettings;
  readonly client: Client;
  readonly world: World;
  readonly base: string;
}

/**
 * The fixture server with a few units and people, and somebody who changes them.
 *
 * @param crowd further records that nobody changes
 */
export async function startLiving(
  changes: Partial<DirectorySettings> = {},
  crowd: readonly LdifRecord[] = [],
): Promise<LivingServer> {
  const folder = mkdtempSync(join(tmpdir(), 'living-'));
  const passwordFile = join(folder, 'secret');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const server = await startFixtureServer({ ldif: [...records(), ...crowd] });
  const client = new Client({ url: server.url });
  await client.bind(account, password);
  const world = new World(client, base, 'objectGUID');
  await world.start();
  return {
    server,
    client,
    world,
    base,
    settings: settingsFor([server.url], {
      base,
      bindDn: account,
      passwordFile,
      allowPlaintext: true,
      delta: 'auto',
      ...changes,
    }),
    async [Symbol.asyncDispose]() {
      await client.unbind();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function records(): LdifRecord[] {
  const record = (dn: string, attributes: readonly [string, string][]): LdifRecord => ({
    dn,
    attributes: attributes.map(([name, value]) => [name, Buffer.from(value)]),
  });
  return [
    record(base, [
      ['objectClass', 'domainDNS'],
      ['dc', 'ad'],
    ]),
    record(account, [
      ['objectClass', 'user'],
      ['cn', 'reader'],
      ['userPassword', password],
    ]),
  ];
}
