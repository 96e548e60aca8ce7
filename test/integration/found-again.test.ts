// What explain prints of an object finds that object, in the directory's own tools.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ldapts';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { Program } from '../cli/program.ts';
import { ldapsearch } from '../fixtures/ldapsearch.ts';
import { manager, managerPassword, startSlapd, suffix } from '../ldap/slapd.ts';
import { startSamba } from '../samba/samba.ts';

const program = Program.forFile();
const folder = mkdtempSync(join(tmpdir(), 'found-again-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names as a DN has them. */
const names = [
  'plain',
  'Smith\\, Jane',
  '\\"quoted\\" \\+ more \\<x\\>\\; y\\=z',
  'back\\\\slash',
  '\\#sign',
  '\\ spaces \\ ',
  'Zoë Müller',
  'turned \u202eround',
  '\\5cuXXXX',
];

interface Hub {
  readonly configFile: string;
  /** Keys of the section `[directory.ad]`. */
  readonly directory: Readonly<Record<string, unknown>>;
}

function newHub(name: string, directory: Hub['directory']): Hub {
  const place = join(folder, name);
  for (const part of ['etc', 'state']) mkdirSync(join(place, part), { recursive: true });
  const configFile = join(place, 'mailhub-tables.toml');
  const lines = [
    `tables_dir = "${place}/etc"`,
    `state_dir = "${place}/state"`,
    'format = "bdb"',
    '[directory.ad]',
    ...Object.entries(directory).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
    '[tables.t]',
    '[[tables.t.sources]]',
    'directory = "ad"',
    'filter = "(proxyAddresses=*)"',
    'key = "{address}"',
    'value = "{primary}"',
  ];
  writeFileSync(configFile, `${lines.join('\n')}\n`);
  return { configFile, directory };
}

/** What explain says of where an address comes from, or came from. */
async function objectOf({ configFile }: Hub, address: string): Promise<{ dn: string; id: string }> {
  const { stdout } = await program.run(['explain', '--config', configFile, address]);
  const [, dn, id] = /^ +(?:it came )?from (.*) \(directory ad, ([0-9a-f-]{36})\)/m.exec(stdout) ?? [];
  if (dn === undefined || id === undefined) throw new Error(`no object in: ${stdout}`);
  return { dn, id };
}

const people = names.map((name, i) => ({ name, address: `person${i}@example.org` }));

async function addPeople(client: Client, base: string): Promise<void> {
  await client.add(base, { objectClass: 'organizationalUnit' });
  for (const { name, address } of people) {
    await client.add(`CN=${name},${base}`, { objectClass: 'contact', proxyAddresses: `SMTP:${address}` });
  }
}

async function build({ configFile }: Hub): Promise<void> {
  const { status, stderr } = await program.run(['build', '--force', '--config', configFile]);
  expect(status, stderr).toBe(0);
}

test('on Active Directory, by its DN and by its GUID, also when it has been deleted', async () => {
  const samba = await startSamba();
  onTestFinished(() => samba.stop());
  const client = new Client({ url: samba.ldapsUrl, tlsOptions: { rejectUnauthorized: false } });
  await client.bind(samba.adminDn, samba.adminPassword);
  onTestFinished(() => client.unbind());
  const base = `OU=found again,${samba.base}`;
  await addPeople(client, base);
  const hub = newHub('samba', {
    urls: [samba.ldapsUrl],
    base,
    bind_dn: samba.adminDn,
    password_file: samba.adminPasswordFile,
    ca_file: samba.caFile,
  });
  await build(hub);
  const admin = ['-D', samba.adminDn, '-w', samba.adminPassword];
  const addressAt = async (where: string, ...args: string[]) =>
    (
      await ldapsearch(
        samba.ldapsUrl,
        [...admin, ...args, '-b', where, '-s', 'base', '(objectClass=*)', 'proxyAddresses', 'isDeleted'],
        samba.caFile,
      )
    ).records;
  let first: { dn: string; id: string } | undefined;
  for (const { address } of people) {
    const object = await objectOf(hub, address);
    first ??= object;
    expect(await addressAt(object.dn), object.dn).toEqual([`proxyAddresses: SMTP:${address}`]);
    expect(await addressAt(`<GUID=${object.id}>`), object.id).toEqual([`proxyAddresses: SMTP:${address}`]);
  }

  await client.del(`CN=${people[0]?.name},${base}`);
  await build(hub);
  const gone = await objectOf(hub, people[0]?.address ?? '');
  expect(gone).toEqual(first);
  expect(await addressAt(`<GUID=${gone.id}>`, '-e', '!1.2.840.113556.1.4.417')).toEqual(['isDeleted: TRUE']);
});

test('on OpenLDAP, by its DN and by its entryUUID', async () => {
  const ldif = join(folder, 'ldif');
  writeFileSync(ldif, `dn: ${suffix}\nobjectClass: domainDNS\ndc: test\n`);
  const slapd = await startSlapd({
    folder: join(folder, 'slapd-data'),
    schema: [join(import.meta.dirname, '../../fixtures/schema/active-directory.schema')],
    ldif,
    databaseLines: ['access to * by * read'],
  });
  onTestFinished(() => slapd.stop());
  const client = new Client({ url: slapd.url });
  await client.bind(manager, managerPassword);
  onTestFinished(() => client.unbind());
  const base = `OU=found again,${suffix}`;
  await addPeople(client, base);
  const hub = newHub('slapd', { urls: [slapd.url], base });
  await build(hub);
  const found = async (...args: string[]) =>
    (await ldapsearch(slapd.url, ['-D', manager, '-w', managerPassword, ...args, 'proxyAddresses'])).records;
  for (const { address } of people) {
    const { dn, id } = await objectOf(hub, address);
    expect(await found('-b', dn, '-s', 'base'), dn).toEqual([`proxyAddresses: SMTP:${address}`]);
    expect(await found('-b', suffix, `(entryUUID=${id})`), id).toEqual([`proxyAddresses: SMTP:${address}`]);
  }
});
