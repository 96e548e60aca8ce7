import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ldapts';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { DirectorySettings } from '../../../src/ldap/types.ts';
import { settingsFor } from '../collect.ts';
import { manager, managerPassword, type Slapd, startSlapd, suffix } from '../slapd.ts';
import { checkLeaving } from './leaving.ts';
import { checkDeltas } from './property.ts';
import { Runs } from './runs.ts';
import { World } from './world.ts';

const schema = [join(import.meta.dirname, '../../../fixtures/schema/active-directory.schema')];
let folder: string;
let ldif: string;
let places = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deltas-slapd-'));
  ldif = join(folder, 'ldif');
  writeFileSync(ldif, `dn: ${suffix}\nobjectClass: domainDNS\ndc: test\n`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** With content synchronisation, or without. */
async function start(name: string, ...overlay: readonly string[]): Promise<Slapd> {
  const slapd = await startSlapd({
    folder: join(folder, name),
    schema,
    ldif,
    serverLines: ['moduleload syncprov'],
    databaseLines: ['index objectClass,entryUUID,entryCSN eq', 'access to * by * read', ...overlay],
  });
  return slapd;
}

/** A place of its own, which is the base of the search. */
async function newPlace(
  slapd: Slapd,
  changes: Partial<DirectorySettings> = {},
): Promise<{ settings: DirectorySettings; world: World; client: Client; base: string }> {
  const client = new Client({ url: slapd.url });
  await client.bind(manager, managerPassword);
  onTestFinished(() => client.unbind());
  const base = `OU=place${places++},${suffix}`;
  await client.add(base, { objectClass: 'organizationalUnit' });
  const world = new World(client, base, 'entryUUID');
  await world.start();
  return { settings: settingsFor([slapd.url], { base, delta: 'auto', ...changes }), world, client, base };
}

describe('content synchronisation', () => {
  let logging: Slapd;
  let forgetful: Slapd;

  beforeAll(async () => {
    logging = await start('log', 'overlay syncprov', 'syncprov-sessionlog 10000');
    forgetful = await start('no-log', 'overlay syncprov');
  });

  afterAll(async () => {
    await logging?.stop();
    await forgetful?.stop();
  });

  test('a unit that slapd can not rename stays as it is', async () => {
    const { settings, world } = await newPlace(logging);
    await world.addUnit(0);
    await world.movePerson(0, 3);
    await world.renameUnit(3);
    const runs = new Runs(settings);
    await runs.next();
    expect(runs.contents).toEqual(await runs.fresh());
    await world.changeAddresses(0, 1);
    await runs.next();
    expect(runs.contents).toEqual(await runs.fresh());
  });

  test('after any changes, the deltas come to what one search of everything finds', () =>
    checkDeltas(12, () => newPlace(logging)));

  test('without a session log, deltas miss deletions and nothing else', () =>
    checkDeltas(8, () => newPlace(forgetful)));

  test('an unchanged hour takes four requests, and the cookie of one server is good on another with the same contents', async () => {
    const { settings, world } = await newPlace(logging);
    const runs = new Runs(settings);
    const first = await runs.next();
    expect(first).toMatchObject({ mode: 'full', cursor: { kind: 'syncrepl' }, fullBecause: undefined });
    const second = await runs.next();
    expect(second).toMatchObject({ mode: 'delta', deletionsSeen: true, report: { requests: 3, entries: 0 } });
    await world.deletePerson(0);
    const third = await runs.next();
    expect(third).toMatchObject({ mode: 'delta', deletionsSeen: true, report: { requests: 3, entries: 0 } });
    expect(runs.sink.deleted).toEqual([...world.deleted]);
    expect(runs.contents).toEqual(await runs.fresh());
  });

  test('an object that leaves the base is no recipient any more, nor are those below a unit that does', async () => {
    await checkLeaving(await newPlace(logging), suffix);
  });

  test('a server that has lost its session log does not hide what was deleted meanwhile', async () => {
    let slapd = await start('restarted', 'overlay syncprov', 'syncprov-sessionlog 10000');
    onTestFinished(() => slapd.stop());
    const { settings, world, base } = await newPlace(slapd);
    const runs = new Runs(settings);
    await runs.next();
    await world.changeAddresses(0, 3);
    expect(await runs.next()).toMatchObject({ mode: 'delta', deletionsSeen: true });
    await world.deletePerson(0);
    await slapd.stop();
    slapd = await start('restarted', 'overlay syncprov', 'syncprov-sessionlog 10000');
    const client = new Client({ url: slapd.url });
    await client.bind(manager, managerPassword);
    await client.add(`OU=later,${base}`, { objectClass: 'organizationalUnit' });
    await client.unbind();
    const again = new Runs({ ...settings, urls: [slapd.url] });
    again.cursor = runs.cursor;
    expect(await again.next()).toMatchObject({
      mode: 'full',
      fullBecause: 'the session log of the server does not reach back to the last run',
    });
  });

  test('a cookie from the future, or from another directory, is refused', async () => {
    const { settings } = await newPlace(logging);
    const runs = new Runs(settings);
    await runs.next();
    const { cursor } = runs;
    if (cursor === undefined) throw new Error('no cursor');
    const contents = JSON.parse(Buffer.from(cursor.value).toString());
    const cookie = Buffer.from('rid=000,csn=20991231235959.000000Z#000000#000#000000').toString('base64');
    const position = Buffer.from(JSON.stringify({ cookie, keepsLog: false })).toString('base64');
    runs.cursor = { ...cursor, value: Buffer.from(JSON.stringify({ ...contents, position })) };
    expect(await runs.next()).toMatchObject({
      mode: 'full',
      fullBecause: expect.stringContaining('consumer state is newer than provider'),
    });
    const elsewhere = await newPlace(forgetful);
    const others = new Runs(elsewhere.settings);
    others.cursor = runs.cursor;
    expect(await others.next()).toMatchObject({
      mode: 'full',
      fullBecause: expect.stringContaining('the cursor is good for contents'),
    });
  });
});

describe('times of modification', () => {
  let slapd: Slapd;

  beforeAll(async () => {
    slapd = await start('plain');
  });

  afterAll(() => slapd?.stop());

  test('after any changes, the deltas miss deletions and nothing else', () =>
    checkDeltas(8, () => newPlace(slapd)));

  test('are asked for where the server has nothing better, and are good for that server', async () => {
    const { settings } = await newPlace(slapd);
    const runs = new Runs(settings);
    expect(await runs.next()).toMatchObject({
      mode: 'full',
      cursor: { kind: 'timestamp' },
      deletionsSeen: false,
    });
    expect(await runs.next()).toMatchObject({ mode: 'delta', deletionsSeen: false });
    const [url = ''] = settings.urls;
    const other = new Runs({ ...settings, urls: [url.replace('127.0.0.1', 'localhost')] });
    other.cursor = runs.cursor;
    expect(await other.next()).toMatchObject({
      mode: 'full',
      fullBecause: expect.stringContaining('the cursor is good for server'),
    });
  });

  test.each([
    ['dirsync', 'delta = "dirsync" can\'t be had: the server does not offer it here'],
    ['syncrepl', 'delta = "syncrepl" can\'t be had: content synchronisation was answered with unavailable'],
  ] as const)('%s is a mistake where the server lacks it', async (delta, problem) => {
    const { settings } = await newPlace(slapd, { delta });
    await expect(new Runs(settings).next()).rejects.toThrow(problem);
  });

  test('are of no use without an id', async () => {
    const { settings } = await newPlace(slapd, { delta: 'timestamp', idAttribute: 'displayName' });
    await expect(new Runs(settings).next()).rejects.toThrow('the account sees no displayName');
    const auto = await newPlace(slapd, { idAttribute: 'displayName' });
    expect(await new Runs(auto.settings).next()).toMatchObject({ mode: 'full', cursor: undefined });
  });
});
