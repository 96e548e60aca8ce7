import { existsSync, linkSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { Pins } from '../../../src/state/pins.ts';
import { pinTables, unpinTables } from '../../../src/tables/decisions/pin.ts';
import { type RollbackReport, rollback } from '../../../src/tables/decisions/rollback.ts';
import { datOf, fileFed, Hub, keptByHand, numbered, without } from '../hub.ts';

const ten = numbered(0, 10);
const nine = without(ten, 'user000003@example.ac.uk');
const eight = without(nine, 'user000004@example.ac.uk');

async function rollBack(hub: Hub, tables: readonly string[], to?: Date): Promise<RollbackReport> {
  const config = await loadConfig(hub.configFile);
  return rollback(config, { tables, to, by: 'rollback', who: 'pat', why: 'a test' });
}

/** A hub on which `mlist_table` was ten entries, then nine, then eight. */
async function threeTimes(top = ''): Promise<Hub> {
  const hub = new Hub();
  hub.top = top;
  hub.configure(fileFed('mlist_table'));
  for (const entries of [ten, nine, eight]) {
    hub.put('in/mlist_table.dat', entries);
    expect(await hub.buildTable('mlist_table')).toMatchObject({ outcome: 'published', after: entries.size });
  }
  return hub;
}

const kept = (hub: Hub, table = 'mlist_table'): string[] =>
  readdirSync(hub.at(`state/generations/${table}`)).sort();

describe('generations', () => {
  test('what was published stays as plain text, the latest last', async () => {
    const hub = await threeTimes();
    const texts = kept(hub).map((name) => hub.text(`state/generations/mlist_table/${name}`));
    expect(texts).toEqual([datOf(ten), datOf(nine)]);
  });

  test.each([
    [1, 1],
    [0, 0],
  ])('as many as `generations = %i` says', async (most, left) => {
    const hub = await threeTimes(`generations = ${most}`);
    const folder = hub.at('state/generations/mlist_table');
    expect(existsSync(folder) ? readdirSync(folder) : []).toHaveLength(left);
  });

  test('no more of them where what somebody else wrote is kept beside what was published', async () => {
    const hub = await threeTimes('generations = 2');
    const theirs = numbered(0, 7);
    hub.put('etc/mlist_table.dat', theirs);
    hub.put('in/mlist_table.dat', numbered(0, 12));
    expect(await hub.buildTable('mlist_table')).toMatchObject({ outcome: 'published' });
    const texts = kept(hub).map((name) => hub.text(`state/generations/mlist_table/${name}`));
    expect(texts).toEqual([datOf(theirs), datOf(eight)]);
  });

  test('an hour in which nothing changed keeps nothing', async () => {
    const hub = await threeTimes();
    const before = kept(hub);
    await hub.build();
    expect(kept(hub)).toEqual(before);
  });

  test('a folder that cannot be written stops no publication, and is named', async () => {
    const hub = await threeTimes();
    rmSync(hub.at('state/generations'), { recursive: true });
    hub.put('state/generations', 'in the way');
    hub.put('in/mlist_table.dat', ten);
    const table = await hub.buildTable('mlist_table');
    expect(table.outcome).toBe('published');
    expect(table.notes.join()).toContain('could not be kept for a rollback');
  });
});

describe('rollback', () => {
  test('publishes what was before, in the .dat and for Exim, and pins it', async () => {
    const hub = await threeTimes();
    const { tables, gone } = await rollBack(hub, ['mlist_table']);
    expect(tables).toMatchObject([
      { table: { outcome: 'published', before: 8, after: 9, added: 1, removed: 0 } },
    ]);
    expect(gone.count).toBe(0);
    expect(hub.text('etc/mlist_table.dat')).toBe(datOf(nine));
    expect(hub.exim('mlist_table')).toEqual(nine);
    const pin = new Pins(hub.stateDir).get('mlist_table');
    expect(pin).toMatchObject({ by: 'rollback', who: 'pat', why: 'a test' });
  });

  test('again goes on with what was before that one', async () => {
    const hub = await threeTimes();
    await rollBack(hub, ['mlist_table']);
    await rollBack(hub, ['mlist_table']);
    expect(hub.exim('mlist_table'), 'what the first roll-back replaced').toEqual(eight);
  });

  test('goes to what was published at a moment, and to nothing else', async () => {
    const hub = await threeTimes();
    const [first] = kept(hub);
    const until = new Date(first.slice(0, 24));
    await rollBack(hub, ['mlist_table'], new Date(until.getTime() - 1));
    expect(hub.exim('mlist_table')).toEqual(ten);
    await expect(rollBack(hub, ['mlist_table'], new Date(0))).rejects.toThrow(/nothing of 1970/);
    await expect(rollBack(hub, ['mlist_table'], new Date(Date.now() + 1000))).rejects.toThrow(
      /still as it was/,
    );
    expect(hub.exim('mlist_table')).toEqual(ten);
  });

  test('the next hours leave it as it is, and say so, until it is unpinned', async () => {
    const hub = await threeTimes();
    await rollBack(hub, ['mlist_table']);
    const stamps = hub.stamps();
    for (const force of [false, true]) {
      expect(await hub.buildTable('mlist_table', { force })).toMatchObject({
        outcome: 'pinned',
        before: 9,
        after: 8,
        removed: 1,
        pin: { who: 'pat' },
      });
    }
    expect(hub.stamps()).toMatchObject({
      mlist_table: stamps.mlist_table,
      'mlist_table.dat': stamps['mlist_table.dat'],
    });
    unpinTables(await loadConfig(hub.configFile), ['mlist_table'], 'pat', '');
    expect(await hub.buildTable('mlist_table')).toMatchObject({ outcome: 'published', after: 8 });
    expect(hub.exim('mlist_table')).toEqual(eight);
  });

  test('a generation that was changed is not published, and nothing else is', async () => {
    const hub = await threeTimes();
    const name = kept(hub).at(-1);
    const stamps = hub.stamps();
    writeFileSync(join(hub.at('state/generations/mlist_table'), String(name)), 'x: y\n');
    await expect(rollBack(hub, ['mlist_table'])).rejects.toThrow(/not what was kept/);
    expect(hub.stamps()).toEqual(stamps);
    expect(new Pins(hub.stateDir).get('mlist_table')).toBeUndefined();
  });

  test('keeps what somebody else wrote over the .dat', async () => {
    const hub = await threeTimes();
    const theirs = numbered(0, 7);
    hub.put('etc/mlist_table.dat', theirs);
    await rollBack(hub, ['mlist_table']);
    expect(hub.exim('mlist_table')).toEqual(nine);
    const texts = kept(hub).map((file) => hub.text(`state/generations/mlist_table/${file}`));
    expect(texts).toContain(datOf(theirs));
  });

  test("of a table kept by hand leaves the .dat alone, and Exim's file is what it was", async () => {
    const hub = new Hub();
    hub.configure(keptByHand('local_domains'));
    for (const entries of [ten, nine]) {
      hub.put('etc/local_domains.dat', entries);
      await hub.build();
    }
    await rollBack(hub, ['local_domains']);
    expect(hub.exim('local_domains')).toEqual(ten);
    expect(hub.text('etc/local_domains.dat')).toBe(datOf(nine));
    expect(await hub.buildTable('local_domains')).toMatchObject({ outcome: 'pinned' });
    expect(hub.exim('local_domains')).toEqual(ten);
    unpinTables(await loadConfig(hub.configFile), ['local_domains'], 'pat', '');
    await hub.build();
    expect(hub.exim('local_domains')).toEqual(nine);
  });

  test('names addresses that are then in no table, unless their tables go back together', async () => {
    const moving = 'user000000@example.ac.uk';
    const alone = await movedBetween(moving);
    expect((await rollBack(alone, ['b_table'])).gone).toEqual({ count: 1, examples: [moving] });
    const together = await movedBetween(moving);
    expect((await rollBack(together, ['a_table', 'b_table'])).gone.count).toBe(0);
    expect(together.exim('a_table')).toEqual(ten);
  });

  test('works without any memory of runs: the generations are plain files', async () => {
    const hub = await threeTimes();
    rmSync(hub.at('state/state.sqlite'));
    await rollBack(hub, ['mlist_table']);
    expect(hub.exim('mlist_table')).toEqual(nine);
    expect(await hub.buildTable('mlist_table')).toMatchObject({ outcome: 'pinned' });
  });

  test('a file kept by a run that was killed before its rename is kept once', async () => {
    const hub = await threeTimes();
    const name = `${new Date().toISOString()}.${'0'.repeat(64)}.dat`;
    linkSync(hub.at('etc/mlist_table.dat'), hub.at(`state/generations/mlist_table/new`));
    hub.put('in/mlist_table.dat', ten);
    await hub.build();
    expect(kept(hub)).toHaveLength(3);
    expect(kept(hub)).not.toContain(name);
  });
});

describe('a pinned table', () => {
  test('is frozen as it is; a .dat that somebody puts there waits', async () => {
    const hub = await threeTimes();
    pinTables(await loadConfig(hub.configFile), ['mlist_table'], 'pat', 'migration');
    hub.put('etc/mlist_table.dat', ten);
    expect(await hub.buildTable('mlist_table')).toMatchObject({
      outcome: 'pinned',
      pin: { why: 'migration' },
    });
    expect(hub.exim('mlist_table')).toEqual(eight);
  });

  test('is mended when its dbm file is damaged', async () => {
    const hub = await threeTimes();
    pinTables(await loadConfig(hub.configFile), ['mlist_table'], 'pat', '');
    hub.put('etc/mlist_table', 'damage');
    await hub.build();
    expect(hub.exim('mlist_table')).toEqual(eight);
  });

  test('makes a table wait that would lose an address to it', async () => {
    const hub = new Hub();
    hub.configure(fileFed('a_table') + fileFed('b_table'));
    hub.put('in/a_table.dat', ten);
    hub.put('in/b_table.dat', numbered(20, 30));
    await hub.build();
    pinTables(await loadConfig(hub.configFile), ['b_table'], 'pat', '');
    hub.put('in/a_table.dat', without(ten, 'user000000@example.ac.uk'));
    hub.put('in/b_table.dat', new Map([...numbered(20, 30), ...numbered(0, 1)]));
    const report = await hub.build();
    expect(report.tables).toMatchObject([
      { name: 'a_table', outcome: 'held', findings: [{ rule: 'waits' }] },
      { name: 'b_table', outcome: 'pinned', added: 1 },
    ]);
    expect(hub.exim('a_table')).toEqual(ten);
  });

  test('stays pinned though its pin can not be read', async () => {
    const hub = await threeTimes();
    pinTables(await loadConfig(hub.configFile), ['mlist_table'], 'pat', '');
    hub.put('state/pins/mlist_table.json', '{');
    hub.put('in/mlist_table.dat', ten);
    expect(await hub.buildTable('mlist_table')).toMatchObject({ outcome: 'pinned' });
  });
});

/** A hub on which an address moved from `a_table` to `b_table`. */
async function movedBetween(moving: string): Promise<Hub> {
  const hub = new Hub();
  hub.configure(fileFed('a_table') + fileFed('b_table'));
  hub.put('in/a_table.dat', ten);
  hub.put('in/b_table.dat', numbered(20, 30));
  await hub.build();
  hub.put('in/a_table.dat', without(ten, moving));
  hub.put('in/b_table.dat', new Map([...numbered(20, 30), ...numbered(0, 1)]));
  await hub.build();
  return hub;
}
