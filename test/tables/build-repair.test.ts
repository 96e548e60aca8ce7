import { copyFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { State } from '../../src/state/state.ts';
import { stampOf } from '../../src/tables/publish/files.ts';
import { directoryFed, fileFed, Hub, keptByHand, numbered, otherwise, withEntries, without } from './hub.ts';

const hundred = numbered(0, 100);

async function exchange(): Promise<Hub> {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table'));
  await hub.serve(hundred);
  await hub.build();
  return hub;
}

describe('moving in on a living hub', () => {
  test.each([
    ['a directory', directoryFed('exch_table')],
    ['a file', fileFed('exch_table')],
    ['hand', keptByHand('exch_table')],
  ])('the same entries in another order and spacing, by %s: nothing is rewritten', async (_, section) => {
    const hub = new Hub();
    hub.configure(section);
    hub.put('etc/exch_table.dat', otherwise(hundred));
    hub.eximDbmbuild('exch_table');
    hub.put('in/exch_table.dat', hundred);
    await hub.serve(hundred);
    const before = hub.stamps();
    for (let run = 0; run < 2; run++) {
      expect(await hub.buildTable('exch_table')).toMatchObject({
        outcome: 'unchanged',
        before: 100,
        after: 100,
      });
      expect(hub.stamps()).toEqual(before);
    }
  });

  test('a difference of entries is what is shown, not one of bytes', async () => {
    const hub = new Hub();
    hub.configure(directoryFed('exch_table', 'max_removed = 10'));
    hub.put('etc/exch_table.dat', otherwise(hundred));
    hub.eximDbmbuild('exch_table');
    const next = withEntries(
      without(hundred, 'user000003@example.ac.uk'),
      ['new@example.ac.uk', 'x@new.uk'],
      ['user000005@example.ac.uk', 'y@new.uk'],
    );
    await hub.serve(next);
    const before = hub.stamps('.');
    const report = await hub.buildTable('exch_table', { dryRun: true });
    expect(hub.stamps('.'), 'a dry run writes nothing').toEqual(before);
    expect(report).toMatchObject({
      outcome: 'published',
      difference: {
        added: [{ key: 'new@example.ac.uk', value: 'x@new.uk' }],
        removed: [{ key: 'user000003@example.ac.uk', value: 'box000003@mail.example.ac.uk' }],
        changed: [{ key: 'user000005@example.ac.uk', from: 'box000005@mail.example.ac.uk', to: 'y@new.uk' }],
      },
    });
    await hub.build();
    expect(hub.exim('exch_table')).toEqual(next);
  });
});

describe('a dbm file that is not as it should be is rebuilt from the .dat that we published', () => {
  const damages: Record<string, (hub: Hub, dbm: string) => void> = {
    missing: (_, dbm) => rmSync(dbm),
    empty: (_, dbm) => truncateSync(dbm),
    'cut off': (hub, dbm) => truncateSync(dbm, hub.text('etc/exch_table').length / 2),
    'no dbm file': (_, dbm) => writeFileSync(dbm, 'Bitte nicht füttern\n'.repeat(2000)),
    'overwritten within': (hub, dbm) =>
      writeFileSync(dbm, hub.text('etc/exch_table').replaceAll('box00005', 'BOX00005'), 'latin1'),
    "another table's": (hub, dbm) => copyFileSync(hub.at('etc/other'), dbm),
  };
  test.each(Object.keys(damages))('%s', async (damage) => {
    const hub = new Hub();
    hub.configure(directoryFed('exch_table') + keptByHand('other'));
    hub.put('etc/other.dat', numbered(0, 90));
    await hub.serve(hundred);
    await hub.build();
    const before = hub.stamps();
    damages[damage]?.(hub, hub.at('etc/exch_table'));

    const report = await hub.buildTable('exch_table');
    expect(report).toMatchObject({ outcome: 'unchanged', before: 100, after: 100 });
    expect(report.notes.join()).toContain('rebuilt');
    expect(hub.exim('exch_table')).toEqual(hundred);
    const after = hub.stamps();
    for (const name of ['exch_table.dat', 'other.dat', 'other']) expect(after[name]).toBe(before[name]);
    expect((await hub.buildTable('exch_table')).notes).toEqual([]);
  });

  test('although the next candidate is held, or its source fails', async () => {
    const hub = await exchange();
    await hub.serve(numbered(0, 99));
    rmSync(hub.at('etc/exch_table'));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'held' });
    expect(hub.exim('exch_table')).toEqual(hundred);

    const server = await hub.serve(hundred);
    server.setFault({ kind: 'close' });
    rmSync(hub.at('etc/exch_table'));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'failed' });
    expect(hub.exim('exch_table')).toEqual(hundred);
  });
});

describe('what the disk did to a file without changing its times', () => {
  /** Damages the dbm file, and makes the stamp of the damaged file the recorded one. */
  function rot(hub: Hub, hoursSinceVerified: number): void {
    const path = hub.at('etc/exch_table');
    writeFileSync(path, hub.text('etc/exch_table').replaceAll('box00005', 'BOX00005'), 'latin1');
    const state = State.open(hub.stateDir);
    const record = state.published('exch_table');
    if (record === undefined) throw new Error('exch_table was not recorded');
    const stamps = { ...record.stamps, [path]: `bdb:${stampOf(path)}` };
    const verifiedAt = Date.now() - hoursSinceVerified * 3_600_000;
    const journal = state.begin({ command: 'build', who: 'test', reason: undefined, startedAt: Date.now() });
    journal.published([{ name: 'exch_table', record: { ...record, stamps, verifiedAt } }]);
    state.close();
  }

  test('is found by the one run a day that compares whole files', async () => {
    const hub = await exchange();
    rot(hub, 25);
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'unchanged' });
    expect(hub.exim('exch_table')).toEqual(hundred);
    const before = hub.stamps();
    expect((await hub.buildTable('exch_table')).notes).toEqual([]);
    expect(hub.stamps()).toEqual(before);
  });

  test('and not by the others, which trust the times', async () => {
    const hub = await exchange();
    rot(hub, 23);
    const before = hub.stamps();
    await hub.build();
    expect(hub.stamps()).toEqual(before);
  });
});

test('what a killed run left behind is swept, and nothing else', async () => {
  const hub = await exchange();
  for (const name of [
    '.mailhub-tables.exch_table.new',
    '.mailhub-tables.gone_table.dat.interim',
    '.hidden',
    'README',
  ]) {
    hub.put(`etc/${name}`, 'left behind');
  }
  await hub.build();
  expect(hub.files()).toEqual(['.hidden', 'README', 'exch_table', 'exch_table.dat']);
});

test('a damaged memory is begun anew and stops nothing', async () => {
  const hub = await exchange();
  writeFileSync(hub.at('state/state.sqlite'), 'not a database, far from it'.repeat(1000));
  await hub.serve(numbered(0, 101));
  const report = await hub.build();
  expect(report.tables).toMatchObject([{ outcome: 'published', before: 100, after: 101 }]);
  expect(report.warnings.join()).toContain('state.sqlite');
  expect(await hub.build()).toMatchObject({ warnings: [], tables: [{ outcome: 'unchanged' }] });
});
