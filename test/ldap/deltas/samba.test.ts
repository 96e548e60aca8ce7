import { Attribute, Change, Client } from 'ldapts';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { DirectorySettings } from '../../../src/ldap/types.ts';
import { type Samba, startSamba, startSuccessor } from '../../samba/samba.ts';
import { settingsFor } from '../collect.ts';
import { checkLeaving } from './leaving.ts';
import { checkDeltas } from './property.ts';
import { Runs, selections } from './runs.ts';
import { World } from './world.ts';

let samba: Samba;
let places = 0;

beforeAll(async () => {
  samba = await startSamba();
});

afterAll(() => samba?.stop());

interface Place {
  readonly settings: DirectorySettings;
  readonly world: World;
  readonly client: Client;
  readonly base: string;
}

/** A place of its own below the domain, which is the base of the search. */
async function newPlace(
  who: 'administrator' | 'account',
  changes: Partial<DirectorySettings> = {},
): Promise<Place> {
  const client = new Client({ url: samba.ldapsUrl, tlsOptions: { rejectUnauthorized: false } });
  await client.bind(samba.adminDn, samba.adminPassword);
  onTestFinished(() => client.unbind());
  const base = `OU=place${places++},${samba.base}`;
  await client.add(base, { objectClass: 'organizationalUnit' });
  const world = new World(client, base, 'objectGUID');
  await world.start();
  const bind =
    who === 'account'
      ? { bindDn: samba.bindDn, passwordFile: samba.passwordFile }
      : { bindDn: samba.adminDn, passwordFile: samba.adminPasswordFile };
  const { ldapsUrl, caFile } = samba;
  return {
    settings: settingsFor([ldapsUrl], { base, caFile, delta: 'auto', ...bind, ...changes }),
    world,
    client,
    base,
  };
}

test('after any changes, the deltas come to what one search of everything finds', () =>
  checkDeltas(4, () => newPlace('administrator')));

test('an account without sight of deletions misses these and nothing else', () =>
  checkDeltas(2, () => newPlace('account')));

test('times of modification do on a domain controller, too', () =>
  checkDeltas(1, () => newPlace('account', { delta: 'timestamp' })));

test('an unchanged hour takes six requests, the goodbye among them', async () => {
  const { settings, world } = await newPlace('administrator');
  const runs = new Runs(settings);
  expect(await runs.next()).toMatchObject({ mode: 'full', cursor: { kind: 'dirsync' }, deletionsSeen: true });
  const second = await runs.next();
  expect(second).toMatchObject({ mode: 'delta', deletionsSeen: true, report: { requests: 5, entries: 0 } });
  await world.deletePerson(1);
  expect(await runs.next()).toMatchObject({ mode: 'delta', report: { requests: 5, entries: 0 } });
  expect(runs.sink.deleted).toEqual([...world.deleted]);
  expect(runs.contents).toEqual(await runs.fresh());
});

test('a cookie that is none is refused, and everything read', async () => {
  const { settings } = await newPlace('account');
  const runs = new Runs(settings);
  await runs.next();
  const { cursor } = runs;
  if (cursor === undefined) throw new Error('no cursor');
  const contents = JSON.parse(Buffer.from(cursor.value).toString());
  const position = Buffer.from('no cookie').toString('base64');
  runs.cursor = { ...cursor, value: Buffer.from(JSON.stringify({ ...contents, position })) };
  expect(await runs.next()).toMatchObject({
    mode: 'full',
    deletionsSeen: false,
    fullBecause: expect.stringContaining('DirSync was answered with unavailableCriticalExtension'),
  });
  expect((await runs.next()).mode).toBe('delta');
});

test('an object that leaves the base is no recipient any more, nor are those below a unit that does', async () => {
  await checkLeaving(await newPlace('administrator'), samba.base);
});

test('what depends on other objects is searched whole each time', async () => {
  const { settings, client, base } = await newPlace('administrator');
  const [first] = selections;
  if (first === undefined) throw new Error('no selection');
  const group = `CN=list,${base}`;
  const person = `CN=member,${base}`;
  await client.add(group, { objectClass: 'group' });
  await client.add(person, { objectClass: 'user', mailNickname: 'm', proxyAddresses: 'SMTP:m@example.org' });
  const filters = [
    first.filter,
    `(memberOf=${group})`,
    `(memberOf:1.2.840.113556.1.4.1941:=${group})`,
    '(anr=m)',
  ];
  const runs = new Runs(
    settings,
    filters.map((filter) => ({ ...first, filter })),
  );
  await runs.next();
  await client.modify(group, membership('add', person));
  const second = await runs.next();
  expect(second.mode).toBe('delta');
  expect(runs.contents).toEqual(await runs.fresh());
  expect(runs.contents.filter((line) => /^[12] /.test(line))).toHaveLength(2);
  expect(second.report.ownSearches.map(({ reason }) => reason)).toEqual([
    'memberof changes without a change of the object',
    "1.2.840.113556.1.4.1941 looks at more than the object's own attributes",
    "ambiguous name resolution looks at more than the object's own attributes",
  ]);
  await client.modify(group, membership('delete', person));
  await runs.next();
  expect(runs.contents).toEqual(await runs.fresh());
});

test('another domain controller goes on from the cursor of the one before', async () => {
  const { settings, world } = await newPlace('administrator');
  const runs = new Runs(settings);
  await runs.next();
  await world.changeAddresses(0, 3);
  await world.addPerson(1, 5);
  await world.deletePerson(2);
  samba = await startSuccessor(samba);
  const { ldapsUrl, caFile, adminPasswordFile: passwordFile } = samba;
  const others = new Runs({ ...settings, urls: [ldapsUrl], caFile, passwordFile }, selections, runs);
  expect(await others.next()).toMatchObject({ mode: 'delta', report: { entries: 2 } });
  expect(others.sink.deleted).toEqual([...world.deleted]);
  expect(others.contents).toEqual(await others.fresh());
});

function membership(operation: 'add' | 'delete', member: string): Change {
  return new Change({ operation, modification: new Attribute({ type: 'member', values: [member] }) });
}
