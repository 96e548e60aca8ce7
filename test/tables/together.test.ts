import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FixtureServer } from '../../fixtures/server/server.ts';
import { loadConfig } from '../../src/config/load.ts';
import { History } from '../../src/state/history.ts';
import { type Commit, MirrorStore } from '../../src/state/mirror/store.ts';
import { State } from '../../src/state/state.ts';
import { addOverride } from '../../src/tables/decisions/override.ts';
import { pinTables, unpinTables } from '../../src/tables/decisions/pin.ts';
import { directoryFed, fileFed, Hub, numbered, tableOf, withEntries, without } from './hub.ts';

const ten = numbered(0, 10);
const [[known]] = ten;
const minute = 60_000;

beforeEach(() => {
  // Stamps of files vouch for them when they are a while old.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minute });
});
afterEach(() => {
  vi.useRealTimers();
});

function pass(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

async function override(hub: Hub, lasts?: number): Promise<void> {
  await addOverride(await loadConfig(hub.configFile), {
    table: 'exch_table',
    key: known,
    value: 'here@x',
    who: 'pat',
    why: 'ticket 1',
    expires: lasts === undefined ? undefined : new Date(Date.now() + lasts),
  });
}

function retarget({ changes }: FixtureServer, number: number, target: string): void {
  const values = [Buffer.from(`SMTP:${target}`)];
  changes.modify(`CN=${number},DC=ad,DC=example,DC=ac,DC=uk`, [
    { kind: 'replace', attribute: 'targetAddress', values },
  ]);
}

test.each(['written by somebody else', 'gone'])(
  'an override that expires while the files of its table are %s stops no run',
  async (how) => {
    const hub = new Hub();
    hub.configure(directoryFed('exch_table', 'max_removed = "50%"') + fileFed('other_table'));
    hub.put('in/other_table.dat', ten);
    await hub.serve(ten);
    await hub.build();
    await override(hub, minute);
    pass(2 * minute);
    if (how === 'gone') for (const name of ['exch_table.dat', 'exch_table']) rmSync(hub.at(`etc/${name}`));
    else hub.put('etc/exch_table.dat', numbered(0, 12));
    hub.put('in/other_table.dat', numbered(0, 11));
    const report = await hub.build();
    expect(report.warnings.join()).toMatch(
      /exch_table: overrides have expired, and can't be taken back yet: /,
    );
    expect(hub.exim('exch_table')).toEqual(ten);
    expect(hub.exim('other_table')).toEqual(numbered(0, 11));
    expect(tableOf(report, 'exch_table').notes.join()).toContain('by hand');
    const next = await hub.build();
    expect(next.warnings).toEqual([]);
    expect(tableOf(next, 'exch_table')).toMatchObject({ outcome: 'unchanged', notes: [] });
  },
);

test('that sources have caught up with an override is only told where the overrides can not be written', async () => {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table', 'max_removed = "50%"'));
  const server = await hub.serve(ten);
  await hub.build();
  await override(hub);
  retarget(server, 0, 'here@x');
  retarget(server, 1, 'there@x');
  mkdirSync(hub.at('state/overrides.json.new/full'), { recursive: true });
  const report = await hub.build();
  expect(tableOf(report, 'exch_table').outcome).toBe('published');
  expect(report.warnings.join()).toContain('overrides.json');
});

/** Overwrites the first page of a table of the mirror. */
function damage(hub: Hub, name: string): void {
  const path = hub.at('state/mirror/mirror.sqlite');
  const database = new Database(path);
  const [row] = database
    .prepare<[string], { rootpage: number }>('SELECT rootpage FROM sqlite_schema WHERE name = ?')
    .all(name);
  const size = Number(database.pragma('page_size', { simple: true }));
  database.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, (row.rootpage - 1) * size, row.rootpage * size);
  writeFileSync(path, bytes);
}

test.each(['heads', 'merges', 'departures'])(
  'a mirror whose %s are damaged is begun again, and no change is lost',
  async (name) => {
    const hub = new Hub();
    hub.configure(directoryFed('exch_table', 'max_removed = "50%"'));
    const server = await hub.serve(ten);
    await hub.build();
    retarget(server, 1, 'moved@x');
    await hub.build();
    damage(hub, name);
    server.changes.delete('CN=0,DC=ad,DC=example,DC=ac,DC=uk');
    const [, [second]] = ten;
    const after = withEntries(without(ten, known), [second, 'moved@x']);
    expect(tableOf(await hub.build(), 'exch_table').outcome).toBe('published');
    expect(hub.exim('exch_table')).toEqual(after);
    await hub.build();
    const third = await hub.build();
    expect(third.warnings).toEqual([]);
    expect(third.directories[0]?.mode).toBe('delta');
    expect(hub.exim('exch_table')).toEqual(after);
  },
);

test.each(['base', 'recent'])(
  'a mirror whose %s file is damaged is begun again, and no change is lost',
  async (file) => {
    const hub = new Hub();
    hub.configure(directoryFed('exch_table', 'max_removed = "50%"'));
    const server = await hub.serve(ten);
    await hub.build();
    retarget(server, 1, 'moved@x');
    await hub.build();
    const database = new Database(hub.at('state/mirror/mirror.sqlite'), { readonly: true });
    const head = database.prepare<[], Record<string, string>>('SELECT base, recent FROM heads').get();
    database.close();
    const path = hub.at(`state/mirror/${head?.[file]}`);
    const bytes = readFileSync(path);
    bytes.fill(0x5a, bytes.length / 4);
    writeFileSync(path, bytes);
    server.changes.delete('CN=0,DC=ad,DC=example,DC=ac,DC=uk');
    retarget(server, 1, 'moved.again@x');
    const [, [second]] = ten;
    const after = withEntries(without(ten, known), [second, 'moved.again@x']);
    expect(tableOf(await hub.build(), 'exch_table').outcome).toBe('published');
    expect(hub.exim('exch_table')).toEqual(after);
    const next = await hub.build();
    expect(next.directories[0]?.mode).toBe('delta');
    expect(hub.exim('exch_table')).toEqual(after);
  },
);

test.each(['held', 'pinned'])(
  'damage to a part of the mirror that is only read for a table that is %s fails it, and the next run asks for everything',
  async (outcome) => {
    const many = numbered(0, 3000);
    const hub = new Hub();
    hub.configure(directoryFed('exch_table'));
    const server = await hub.serve(many);
    await hub.build();
    const [base = ''] = readdirSync(hub.at('state/mirror')).filter((name) => name.endsWith('.base'));
    const path = hub.at(`state/mirror/${base}`);
    const bytes = readFileSync(path);
    const [last = ''] = [...many.keys()].sort().reverse();
    bytes[bytes.indexOf(last)] ^= 1;
    writeFileSync(path, bytes);
    if (outcome === 'pinned') pinTables(await loadConfig(hub.configFile), ['exch_table'], 'pat', '');
    const before = hub.stamps();
    // What is lost holds the table, and a candidate that is held, or waits behind a pin, is written down whole.
    server.changes.delete('CN=0,DC=ad,DC=example,DC=ac,DC=uk');
    const failed = tableOf(await hub.build(), 'exch_table');
    expect(failed.outcome).toBe('failed');
    expect(failed.failure?.message).toMatch(
      /^directory ad: .* damaged .*; the next run asks for everything$/,
    );
    expect(hub.stamps()).toEqual(before);
    const next = await hub.build();
    expect(next.directories[0]?.mode).toBe('full');
    expect(tableOf(next, 'exch_table').outcome).toBe(outcome);
    expect(hub.exim('exch_table')).toEqual(many);
  },
);

test('changes are not added to a mirror that was begun again meanwhile', () => {
  const hub = new Hub();
  const store = MirrorStore.open(hub.stateDir);
  try {
    const commit: Commit = {
      head: {
        fingerprint: 'f',
        streams: 2,
        versions: ['v'],
        base: { name: 'a.base', bytes: 1, checksum: 1 },
        recent: undefined,
        cursor: undefined,
        deletionsSeen: true,
        idForm: 'guid',
        fullAt: 0,
      },
      fresh: true,
      departures: [],
      now: 0,
      keep: 0,
    };
    store.commit('ad', commit);
    store.commit('ad', { ...commit, fresh: false });
    store.reset();
    expect(() => store.commit('ad', { ...commit, fresh: false })).toThrow(/not there any more/);
    expect(store.head('ad')).toBeUndefined();
  } finally {
    store.close();
  }
});

test('a canary that fails takes its table back to what it was, also where no generation of that could be kept', async () => {
  const hub = new Hub();
  hub.configure(`${fileFed('one_table')}[[canaries]]\naddress = "${known}"\ntable = "one_table"\n`);
  hub.put('in/one_table.dat', ten);
  await hub.build();
  const eleven = withEntries(ten, ['b@x', 'b@y']);
  hub.put('in/one_table.dat', eleven);
  await hub.build();
  mkdirSync(hub.at('state/generations/one_table/new/full'), { recursive: true });
  hub.put('in/one_table.dat', without(eleven, known));
  const { failure } = await hub.buildTable('one_table');
  expect(failure?.message).toContain('it is what it was before, and pinned');
  expect(hub.exim('one_table')).toEqual(eleven);
});

/** Every key whose going the history has, with the table that lost it. */
function gone(hub: Hub): string[] {
  const history = History.open(hub.stateDir);
  try {
    return history
      .removedSince(new Date(0), ['exch_table'])
      .map(({ key, table }) => `${key.toString()} from ${table}`);
  } finally {
    history.close();
  }
}

test.each(['unchanged since', 'changed since'])(
  'what a run published and was killed before it could record is in the history after the next, the table %s',
  async (how) => {
    const hub = new Hub();
    hub.configure(fileFed('exch_table'));
    hub.put('in/exch_table.dat', ten);
    await hub.build();
    copyFileSync(hub.at('state/state.sqlite'), hub.at('state.sqlite'));
    hub.put('in/exch_table.dat', without(ten, known));
    await hub.build();
    const digest = hub.remembered('exch_table')?.digest ?? '';
    copyFileSync(hub.at('state.sqlite'), hub.at('state/state.sqlite'));
    const state = State.open(hub.stateDir);
    state.intend(new Map([['exch_table', digest]]));
    state.close();
    const [, [second]] = ten;
    const lost = how === 'changed since' ? [known, second] : [known];
    hub.put('in/exch_table.dat', without(ten, ...lost));
    await hub.build();
    expect(gone(hub)).toEqual(lost.map((key) => `${key} from exch_table`));
    await hub.build();
    expect(gone(hub)).toHaveLength(lost.length);
  },
);

test('a run under a clock that was wrong does not take the history before it along', async () => {
  const hub = new Hub();
  hub.configure(fileFed('exch_table'));
  hub.put('in/exch_table.dat', ten);
  await hub.build();
  hub.put('in/exch_table.dat', without(ten, known));
  await hub.build();
  const now = Date.now();
  vi.setSystemTime(new Date('2000-01-01'));
  await hub.build();
  vi.setSystemTime(now + minute);
  await hub.build();
  expect(gone(hub)).toEqual([`${known} from exch_table`]);
});

test('an address that is in its table by hand only stays there until the one that gains it is published', async () => {
  const hub = new Hub();
  hub.configure(fileFed('exch_table') + fileFed('o365_table'));
  hub.put('in/exch_table.dat', without(ten, known));
  hub.put('in/o365_table.dat', numbered(20, 30));
  await hub.build();
  await override(hub, 2 * minute);
  pinTables(await loadConfig(hub.configFile), ['o365_table'], 'pat', '');
  hub.put('in/o365_table.dat', withEntries(numbered(20, 30), [known, 'there@x']));
  await hub.build();
  pass(3 * minute);
  const { warnings } = await hub.build();
  expect(warnings.join()).toContain(`${known} moves to o365_table, which is not published`);
  expect(hub.exim('exch_table')?.get(known)).toBe('here@x');
  unpinTables(await loadConfig(hub.configFile), ['o365_table'], 'pat', '');
  await hub.build();
  await hub.build();
  expect(hub.exim('o365_table')?.get(known)).toBe('there@x');
  expect(hub.exim('exch_table')).toEqual(without(ten, known));
});

test('a canary that a killed run did not try is told of by the next, though nothing changes', async () => {
  const hub = new Hub();
  hub.configure(fileFed('one_table'));
  hub.put('in/one_table.dat', numbered(1, 10));
  await hub.build();
  hub.configure(`${fileFed('one_table')}[[canaries]]\naddress = "${known}"\ntable = "one_table"\n`);
  const report = await hub.build();
  expect(report.warnings).toEqual([`canary ${known} failed before this run: it is not in one_table`]);
  expect(tableOf(report, 'one_table').outcome).toBe('unchanged');
});
