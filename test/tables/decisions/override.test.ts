import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { Overrides } from '../../../src/state/overrides.ts';
import { merge } from '../../../src/tables/columns/merge.ts';
import { addOverride, type NewOverride, removeOverride } from '../../../src/tables/decisions/override.ts';
import { changedByHand } from '../../../src/tables/decisions/overrides.ts';
import { pinTables } from '../../../src/tables/decisions/pin.ts';
import { rollback } from '../../../src/tables/decisions/rollback.ts';
import { datOf, directoryFed, fileFed, Hub, keptByHand, numbered, withEntries, without } from '../hub.ts';
import { compareLatin1, entriesOf, pairsOf } from '../pairs.ts';

const ten = numbered(0, 10);
const [[known, box]] = ten;
const newcomer = 'new.starter@example.ac.uk';

async function oneTable(): Promise<Hub> {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table'));
  await hub.serve(ten);
  await hub.build();
  return hub;
}

async function add(hub: Hub, override: Partial<NewOverride>) {
  const whole = {
    table: 'exch_table',
    key: newcomer,
    value: 'here@x',
    who: 'pat',
    why: 'ticket 1',
    expires: undefined,
  };
  return addOverride(await loadConfig(hub.configFile), { ...whole, ...override });
}

async function remove(hub: Hub, key: string, table = 'exch_table') {
  return removeOverride(await loadConfig(hub.configFile), { table, key, who: 'pat', why: '' });
}

test('changes made to a table are those made to a map', () => {
  const entry = fc.tuple(fc.stringMatching(/^[a-d]{1,2}$/), fc.stringMatching(/^[xy]{0,2}$/));
  const change = fc.tuple(fc.stringMatching(/^[a-d]{1,2}$/), fc.option(fc.stringMatching(/^[xy]{0,2}$/)));
  const unique = { selector: ([key]: readonly [string, unknown]) => key };
  fc.assert(
    fc.property(fc.uniqueArray(entry, unique), fc.uniqueArray(change, unique), (entries, changes) => {
      const { table } = merge([{ source: 'a', pairs: pairsOf(entries) }]);
      const map = new Map(entries);
      for (const [key, value] of changes) {
        if (value === null) map.delete(key);
        else map.set(key, value);
      }
      const changed = changedByHand(
        table,
        changes.map(([key, value]) => ({
          key: Buffer.from(key),
          value: value === null ? undefined : Buffer.from(value),
        })),
      );
      expect(entriesOf(changed)).toEqual([...map].sort(([a], [b]) => compareLatin1(a, b)));
    }),
  );
});

describe('an override', () => {
  test('is published at once, stays in every later run, and is told', async () => {
    const hub = await oneTable();
    const { table } = await add(hub, { key: 'New.Starter@example.ac.uk' });
    expect(table).toMatchObject({ outcome: 'published', added: 1 });
    const routed = withEntries(ten, [newcomer, 'here@x']);
    expect(hub.exim('exch_table')).toEqual(routed);
    expect(hub.text('etc/exch_table.dat')).toBe(datOf(routed));

    const later = await hub.buildTable('exch_table');
    expect(later.outcome).toBe('unchanged');
    expect(later.notes).toEqual([expect.stringContaining(`${newcomer} goes to here@x, pat on `)]);
    await hub.serve(numbered(0, 12));
    await hub.build();
    expect(hub.exim('exch_table')).toEqual(withEntries(numbered(0, 12), [newcomer, 'here@x']));
  });

  test('replaces what the directory says, and gives it back', async () => {
    const hub = await oneTable();
    await add(hub, { key: known });
    expect(hub.exim('exch_table')?.get(known)).toBe('here@x');
    await hub.build();
    expect(hub.exim('exch_table')?.get(known)).toBe('here@x');
    await remove(hub, known);
    expect(hub.exim('exch_table')).toEqual(ten);
    expect((await hub.buildTable('exch_table')).outcome).toBe('unchanged');
  });

  test('keeps an address out, though the guard would hold a table that lost it', async () => {
    const hub = await oneTable();
    await add(hub, { key: known, value: undefined });
    expect(hub.exim('exch_table')).toEqual(without(ten, known));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'unchanged', findings: [] });
    await remove(hub, known);
    expect(hub.exim('exch_table')).toEqual(ten);
  });

  test('made twice counts once, and removing it gives back what was there before the first', async () => {
    const hub = await oneTable();
    await add(hub, { key: known, value: 'one@x' });
    await add(hub, { key: known, value: 'two@x' });
    expect(new Overrides(hub.stateDir).list()).toMatchObject([{ key: known, value: 'two@x', replaced: box }]);
    await remove(hub, known);
    expect(hub.exim('exch_table')).toEqual(ten);
    await expect(remove(hub, known)).rejects.toThrow(/no override of user000000/);
  });

  test('ends by itself when it expires, past the guard that would hold the smaller table', async () => {
    const hub = await oneTable();
    await add(hub, { expires: new Date(Date.now() + 3_600_000) });
    const overrides = new Overrides(hub.stateDir);
    overrides.write(overrides.list().map((each) => ({ ...each, expires: new Date(Date.now() - 1) })));
    const report = await hub.build();
    expect(report.tables).toMatchObject([{ outcome: 'unchanged', findings: [] }]);
    expect(hub.exim('exch_table')).toEqual(ten);
    expect(overrides.list()).toEqual([]);
  });

  test('says once when the directory has caught up', async () => {
    const hub = await oneTable();
    const [[twelfth, itsBox]] = numbered(11, 12);
    await add(hub, { key: twelfth, value: itsBox });
    expect((await hub.build()).warnings).toEqual([]);
    await hub.serve(numbered(0, 12));
    expect((await hub.build()).warnings).toEqual([
      expect.stringContaining(`override remove exch_table ${twelfth}`),
    ]);
    expect((await hub.build()).warnings).toEqual([]);
    expect(new Overrides(hub.stateDir).list()).toMatchObject([{ caughtUp: expect.any(Date) }]);
    await hub.serve(numbered(0, 11));
    await hub.build();
    expect(new Overrides(hub.stateDir).list()[0]?.caughtUp).toBeUndefined();
  });

  test('goes into a pinned table too', async () => {
    const hub = await oneTable();
    pinTables(await loadConfig(hub.configFile), ['exch_table'], 'pat', '');
    await add(hub, {});
    expect(hub.exim('exch_table')).toEqual(withEntries(ten, [newcomer, 'here@x']));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'pinned', added: 0, removed: 0 });
  });

  test('names the table before it that has the address: Exim takes that', async () => {
    const hub = new Hub();
    hub.configure(fileFed('a_table') + fileFed('b_table'));
    hub.put('in/a_table.dat', ten);
    hub.put('in/b_table.dat', numbered(20, 30));
    await hub.build();
    expect(await add(hub, { table: 'b_table', key: known })).toMatchObject({ shadowedBy: 'a_table' });
    expect(await add(hub, { table: 'a_table', key: newcomer })).toMatchObject({ shadowedBy: undefined });
  });

  test.each([
    ['a value with a line break', { value: 'a\nb' }, /line break/],
    ['an empty address', { key: '' }, /empty/],
    ['a time that is over', { expires: new Date(0) }, /expired/],
    ['a table that is not there', { table: 'x_table' }, /no table x_table/],
  ])('is refused: %s', async (_, override, message) => {
    const hub = await oneTable();
    const stamps = hub.stamps();
    await expect(add(hub, override)).rejects.toThrow(message);
    expect(hub.stamps()).toEqual(stamps);
    expect(existsSync(hub.at('state/overrides.json'))).toBe(false);
  });

  test('is refused for a table kept by hand, and for one in which nothing is published', async () => {
    const hub = new Hub();
    hub.configure(keptByHand('local_domains') + fileFed('a_table'));
    await expect(add(hub, { table: 'local_domains' })).rejects.toThrow(/kept by hand/);
    await expect(add(hub, { table: 'a_table' })).rejects.toThrow(/nothing is published/);
  });

  test('that can not be read stops the run before it undoes what was decided, and says where', async () => {
    const hub = await oneTable();
    await add(hub, {});
    const stamps = hub.stamps();
    hub.put('state/overrides.json', '{"version": 1, "overrides": [{"table": 7}]}');
    await expect(hub.build()).rejects.toThrow(/overrides\.json: overrides\.0\.table: .*mend it/);
    expect(hub.stamps()).toEqual(stamps);
  });

  test('goes with a roll-back to before it was made, until the table is unpinned', async () => {
    const hub = await oneTable();
    await add(hub, {});
    const config = await loadConfig(hub.configFile);
    await rollback(config, { tables: ['exch_table'], to: undefined, by: 'rollback', who: 'pat', why: '' });
    expect(hub.exim('exch_table')).toEqual(ten);
  });
});
