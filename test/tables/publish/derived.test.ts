import { chmodSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { Overrides } from '../../../src/state/overrides.ts';
import { Pins } from '../../../src/state/pins.ts';
import { addOverride } from '../../../src/tables/decisions/override.ts';
import { unpinTables } from '../../../src/tables/decisions/pin.ts';
import { rollback } from '../../../src/tables/decisions/rollback.ts';
import { fileFed, Hub, numbered, tableOf, withEntries, without } from '../hub.ts';

const ten = numbered(0, 10);
const [[shared, box]] = ten;

async function twoTables(section: string): Promise<Hub> {
  const hub = new Hub();
  hub.configure(`${section}\n${fileFed('a_table')}${fileFed('b_table')}`);
  hub.put('in/a_table.dat', ten);
  hub.put('in/b_table.dat', withEntries(numbered(20, 30), [shared, 'other@x']));
  return hub;
}

describe('a combined table', () => {
  const section = '[combined.all_table]\ntables = ["a_table", "b_table"]';

  test('has every key with the first table that has it and its value', async () => {
    const hub = await twoTables(section);
    const report = await hub.build();
    expect(report.derived).toEqual([
      { name: 'all_table', outcome: 'published', entries: 20, message: undefined },
    ]);
    const all = hub.exim('all_table');
    expect(all?.get(shared)).toBe(`a_table ${box}`);
    expect(all?.get('user000025@example.ac.uk')).toBe('b_table box000025@mail.example.ac.uk');
    expect(all?.size).toBe(20);
  });

  test('is left alone while nothing changes, and follows a run, a roll-back and an override', async () => {
    const hub = await twoTables(section);
    await hub.build();
    const stamps = hub.stamps();
    expect((await hub.build()).derived).toMatchObject([{ outcome: 'unchanged', entries: 20 }]);
    expect(hub.stamps()).toEqual(stamps);

    hub.put('in/a_table.dat', without(ten, shared));
    await hub.build();
    expect(hub.exim('all_table')?.get(shared)).toBe('b_table other@x');
    const config = await loadConfig(hub.configFile);
    await rollback(config, { tables: ['a_table'], to: undefined, by: 'rollback', who: 'pat', why: '' });
    expect(hub.exim('all_table')?.get(shared)).toBe(`a_table ${box}`);
    const override = {
      table: 'b_table',
      key: 'new@x',
      value: 'n@y',
      who: 'pat',
      why: '',
      expires: undefined,
    };
    await addOverride(config, override);
    expect(hub.exim('all_table')?.get('new@x')).toBe('b_table n@y');
  });

  test('is mended when its file is damaged', async () => {
    const hub = await twoTables(section);
    await hub.build();
    hub.put('etc/all_table', 'damage');
    await hub.build();
    expect(hub.exim('all_table')?.size).toBe(20);
  });

  test('is not written without one of its tables: mail would be refused', async () => {
    const hub = new Hub();
    hub.configure(`${section}\n${fileFed('a_table')}${fileFed('b_table')}`);
    hub.put('in/a_table.dat', ten);
    const { derived } = await hub.build();
    expect(derived).toMatchObject([{ outcome: 'failed', message: expect.stringContaining('b_table') }]);
    expect(hub.exim('all_table')).toBeUndefined();
  });

  test.each([
    [
      '[combined.a_table]\ntables = ["b_table"]',
      /combined\.a_table: its file a_table is also one of table a_table/,
    ],
    [
      '[combined.all_table]\ntables = ["c_table"]',
      /combined\.all_table\.tables\[0\]: there is no table "c_table"/,
    ],
    ['[combined.all_table]\ntables = []', /combined\.all_table\.tables/],
    ['[grace.gone_table]\ntables = ["a_table"]', /grace\.gone_table\.keep: is missing/],
    ['[[canaries]]\naddress = "a@b"\ntable = "c_table"', /canaries\[0\]\.table: there is no table "c_table"/],
  ])('%j is a mistake in the configuration', async (mistake, message) => {
    const hub = await twoTables(mistake);
    await expect(hub.build()).rejects.toThrow(message);
  });
});

describe('a table of grace', () => {
  const section = '[grace.gone_table]\ntables = ["a_table"]\nkeep = "3 days"';

  test('has what went and is in no table, until it is back', async () => {
    const hub = await twoTables(section);
    await hub.build();
    expect(hub.exim('gone_table')?.size).toBe(0);
    hub.put('in/a_table.dat', without(ten, shared, 'user000001@example.ac.uk'));
    await hub.build();
    expect([...(hub.exim('gone_table') ?? [])]).toEqual([
      ['user000001@example.ac.uk', expect.stringMatching(/^a_table \d{4}-/)],
    ]);
    hub.put('in/a_table.dat', ten);
    await hub.build();
    expect(hub.exim('gone_table')?.size).toBe(0);
  });

  test('has nothing of what somebody keeps out on purpose', async () => {
    const hub = await twoTables(section);
    await hub.build();
    const override = { table: 'a_table', key: 'user000001@example.ac.uk', value: undefined };
    await addOverride(await loadConfig(hub.configFile), {
      ...override,
      who: 'pat',
      why: 'left',
      expires: undefined,
    });
    expect(hub.exim('a_table')?.size).toBe(9);
    expect(hub.exim('gone_table')?.size).toBe(0);
  });
});

describe('a canary', () => {
  const section = `[[canaries]]\naddress = "${shared}"\ntable = "a_table"`;

  test('that fails takes the tables of its run back, pins them and makes the run fail', async () => {
    const hub = await twoTables(section);
    await hub.build();
    hub.put('in/a_table.dat', without(ten, shared));
    hub.put('in/b_table.dat', numbered(20, 31));
    const report = await hub.build();
    for (const name of ['a_table', 'b_table']) {
      const table = tableOf(report, name);
      expect(table).toMatchObject({ outcome: 'failed', failure: { cause: 'machine' } });
      expect(table.failure?.message).toMatch(
        /canary user000000.*pinned: when this is mended, mailhub-tables unpin/,
      );
      expect(new Pins(hub.stateDir).get(name)).toMatchObject({
        by: 'canary',
        why: expect.stringContaining(shared),
      });
    }
    expect(hub.exim('a_table')).toEqual(ten);
    expect(hub.exim('b_table')).toEqual(withEntries(numbered(20, 30), [shared, 'other@x']));

    expect((await hub.build()).tables).toMatchObject([{ outcome: 'pinned' }, { outcome: 'pinned' }]);
    hub.put('in/a_table.dat', numbered(0, 11));
    unpinTables(await loadConfig(hub.configFile), ['a_table', 'b_table'], 'pat', '');
    expect((await hub.build()).tables).toMatchObject([{ outcome: 'published' }, { outcome: 'published' }]);
  });

  test('that an override would make fail takes the override back', async () => {
    const hub = await twoTables(section);
    await hub.build();
    const config = await loadConfig(hub.configFile);
    const override = { table: 'a_table', key: shared, value: undefined };
    const { table } = await addOverride(config, { ...override, who: 'pat', why: 'left', expires: undefined });
    expect(table).toMatchObject({
      outcome: 'failed',
      failure: { message: expect.stringContaining('canary') },
    });
    expect(hub.exim('a_table')).toEqual(ten);
    expect(new Overrides(hub.stateDir).list()).toEqual([]);
  });

  test('that fails since a roll-back is told, and the roll-back stands', async () => {
    const newest = 'user000010@example.ac.uk';
    const hub = await twoTables(`[[canaries]]\naddress = "${newest}"\ntable = "a_table"`);
    await hub.build();
    hub.put('in/a_table.dat', numbered(0, 11));
    await hub.build();
    const options = { tables: ['a_table'], to: undefined, by: 'rollback', who: 'pat', why: '' } as const;
    const { deadCanaries } = await rollback(await loadConfig(hub.configFile), options);
    expect(deadCanaries).toEqual([{ address: newest, message: expect.stringContaining('not in a_table') }]);
    expect(hub.exim('a_table')).toEqual(ten);
  });

  test('that failed before is told and rolls nothing back', async () => {
    const hub = await twoTables('[[canaries]]\naddress = "nobody@x"\ntable = "a_table"');
    await hub.build();
    hub.put('in/a_table.dat', numbered(0, 11));
    const report = await hub.build();
    expect(report.warnings).toContain('canary nobody@x failed before this run: it is not in a_table');
    expect(tableOf(report, 'a_table')).toMatchObject({ outcome: 'published' });
  });

  test('is tried with Exim where a router is named', async () => {
    const hub = new Hub();
    hub.top = `exim = "${hub.at('exim')}"`;
    const exim = (router: string): void => {
      const script = `#!/bin/sh\n[ "$1" = -bt ] || exit 1\nprintf '%s\\n  router = ${router}, transport = smtp\\n' "$2"\n`;
      writeFileSync(hub.at('exim'), script);
      chmodSync(hub.at('exim'), 0o755);
    };
    exim('exchange');
    hub.configure(`${section}\nrouter = "exchange"\n${fileFed('a_table')}`);
    hub.put('in/a_table.dat', ten);
    await hub.build();
    hub.put('in/a_table.dat', numbered(0, 11));
    expect(await hub.buildTable('a_table')).toMatchObject({ outcome: 'published' });
    exim('unknown');
    hub.put('in/a_table.dat', numbered(0, 12));
    const report = await hub.build();
    expect(report.warnings[0]).toMatch(/failed before this run: .*takes it by unknown and not by exchange/);
  });
});
