import { copyFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { datOf, directoryFed, fileFed, Hub, keptByHand, numbered, otherwise, without } from './hub.ts';

const hundred = numbered(0, 100);

async function exchange(): Promise<Hub> {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table'));
  await hub.serve(hundred);
  await hub.build();
  return hub;
}

async function domains(guard?: string): Promise<Hub> {
  const hub = new Hub();
  hub.configure(keptByHand('local_domains', guard));
  hub.put('etc/local_domains.dat', hundred);
  expect(await hub.buildTable('local_domains')).toMatchObject({
    outcome: 'published',
    before: undefined,
    after: 100,
  });
  return hub;
}

describe('what the old runbook says', () => {
  test('cp X_tmp.dat X.dat and exim_dbmbuild: the next run takes it as the truth', async () => {
    const hub = await exchange();
    const fewer = numbered(0, 60);
    await hub.serve(fewer);
    await hub.build();
    copyFileSync(hub.at('etc/exch_table_tmp.dat'), hub.at('etc/exch_table.dat'));
    hub.eximDbmbuild('exch_table');
    const { exch_table: dbm, 'exch_table.dat': dat } = hub.stamps();

    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'unchanged', before: 60, after: 60 });
    const { '.': _, ...files } = hub.stamps();
    expect(files).toEqual({ exch_table: dbm, 'exch_table.dat': dat });

    await hub.serve(numbered(0, 59));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'held', before: 60 });
    await hub.serve(numbered(0, 61));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'published', before: 60, after: 61 });
  });

  test('only the first half of it, with a candidate that the guard refused: the dbm file stays', async () => {
    const hub = await exchange();
    const fewer = numbered(0, 60);
    await hub.serve(fewer);
    await hub.build();
    copyFileSync(hub.at('etc/exch_table_tmp.dat'), hub.at('etc/exch_table.dat'));
    const { '.': _, ...before } = hub.stamps();

    const report = await hub.buildTable('exch_table');
    expect(report).toMatchObject({ outcome: 'held', before: 100 });
    expect(report.findings[0]?.message).toContain(
      `${hub.at('etc/exch_table.dat')}, which somebody else wrote`,
    );
    expect(hub.stamps()).toMatchObject(before);
    expect(hub.exim('exch_table')).toEqual(hundred);

    hub.eximDbmbuild('exch_table');
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'unchanged', before: 60 });
    expect(hub.files()).toEqual(['exch_table', 'exch_table.dat']);
  });

  test('only the first half of it, with what the guard lets pass: the dbm file is built from it', async () => {
    const hub = await exchange();
    const more = numbered(0, 105);
    hub.put('etc/exch_table.dat', otherwise(more));
    await hub.serve(more);
    const { 'exch_table.dat': dat } = hub.stamps();
    expect(await hub.buildTable('exch_table')).toMatchObject({
      outcome: 'published',
      before: 100,
      after: 105,
      added: 5,
    });
    expect(hub.exim('exch_table')).toEqual(more);
    expect(hub.stamps()['exch_table.dat'], 'theirs stays as they wrote it').toBe(dat);
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'unchanged' });
    expect(hub.stamps()['exch_table.dat']).toBe(dat);
  });

  test('what somebody else published is what the next candidate is compared with', async () => {
    const hub = await exchange();
    hub.put('etc/exch_table.dat', otherwise(numbered(0, 105)));
    await hub.serve(numbered(0, 103));
    expect(await hub.buildTable('exch_table')).toMatchObject({
      outcome: 'held',
      before: 105,
      after: 103,
      removed: 2,
    });
    expect(hub.exim('exch_table')).toEqual(numbered(0, 105));
    await hub.serve(numbered(0, 106));
    expect(await hub.buildTable('exch_table')).toMatchObject({
      outcome: 'published',
      before: 105,
      after: 106,
    });
    expect(hub.text('etc/exch_table.dat')).toBe(datOf(numbered(0, 106)));
  });
});

describe('half a .dat copied in by hand is held, and the dbm file stays', () => {
  const half = datOf(hundred).slice(0, datOf(hundred).length * 0.45);

  test('of a table fed by a directory', async () => {
    const hub = await exchange();
    hub.put('etc/exch_table.dat', half);
    const before = hub.stamps();
    for (let run = 0; run < 2; run++) {
      expect(await hub.buildTable('exch_table')).toMatchObject({
        outcome: 'held',
        findings: [{ rule: 'not-larger' }],
      });
      expect(hub.stamps()).toMatchObject({
        exch_table: before.exch_table,
        'exch_table.dat': before['exch_table.dat'],
      });
    }
    expect(hub.text('etc/exch_table_tmp.dat')).toBe(datOf(hundred));

    copyFileSync(hub.at('etc/exch_table_tmp.dat'), hub.at('etc/exch_table.dat'));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'unchanged' });
    expect(hub.stamps().exch_table).toBe(before.exch_table);
  });

  test('or let the sources have their way by force', async () => {
    const hub = await exchange();
    hub.put('etc/exch_table.dat', half);
    await hub.buildTable('exch_table', { force: true });
    expect(hub.text('etc/exch_table.dat')).toBe(datOf(hundred));
    expect(hub.exim('exch_table')).toEqual(hundred);
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'unchanged' });
  });

  test.each([
    ['fed by a file', fileFed('local_domains')],
    ['kept by hand', keptByHand('local_domains')],
  ])('of a table %s', async (_, section) => {
    const hub = new Hub();
    hub.configure(section);
    hub.put('in/local_domains.dat', hundred);
    hub.put('etc/local_domains.dat', hundred);
    await hub.build();
    hub.put('etc/local_domains.dat', half);
    const { '.': __, ...before } = hub.stamps();
    for (let run = 0; run < 2; run++) {
      expect(await hub.buildTable('local_domains')).toMatchObject({
        outcome: 'held',
        findings: [{ rule: 'half-lost' }],
      });
      expect(hub.stamps()).toMatchObject(before);
    }
  });

  test('before the first run of this program too: the dbm file tells what was published', async () => {
    const hub = new Hub();
    hub.configure(keptByHand('local_domains'));
    hub.put('etc/local_domains.dat', hundred);
    hub.eximDbmbuild('local_domains');
    hub.put('etc/local_domains.dat', half);
    const before = hub.stamps();
    expect(await hub.buildTable('local_domains')).toMatchObject({ outcome: 'held' });
    expect(hub.stamps()).toEqual(before);
  });

  test('and even when the dbm file is gone, for we remember how large the table was', async () => {
    const hub = await domains();
    rmSync(hub.at('etc/local_domains'));
    hub.put('etc/local_domains.dat', half);
    expect(await hub.buildTable('local_domains')).toMatchObject({ outcome: 'held' });
    expect(hub.files()).toEqual(['local_domains.dat']);
  });
});

describe('a table kept by hand', () => {
  test('loses one line and is rebuilt; its .dat is never written, nor a _tmp.dat beside it', async () => {
    const hub = await domains();
    const fewer = without(hundred, 'user000017@example.ac.uk');
    hub.put('etc/local_domains.dat', otherwise(fewer));
    hub.put('etc/local_domains_tmp.dat', 'somebody.else: this is mine\n');
    const before = hub.stamps();
    expect(await hub.buildTable('local_domains')).toMatchObject({
      outcome: 'published',
      removed: 1,
      after: 99,
    });
    expect(hub.exim('local_domains')).toEqual(fewer);
    const after = hub.stamps();
    for (const name of ['local_domains.dat', 'local_domains_tmp.dat']) expect(after[name]).toBe(before[name]);

    const memory = hub.remembered('local_domains');
    expect(await hub.buildTable('local_domains')).toMatchObject({ outcome: 'unchanged' });
    expect(hub.stamps()).toEqual(after);
    expect(hub.remembered('local_domains')).toEqual(memory);
  });

  test('loses most and is held, and published by force', async () => {
    const hub = await domains();
    hub.put('etc/local_domains.dat', numbered(0, 20));
    hub.put('etc/local_domains_tmp.dat', 'somebody.else: this is mine\n');
    const before = hub.stamps();
    expect(await hub.buildTable('local_domains')).toMatchObject({
      outcome: 'held',
      before: 100,
      after: 20,
      candidate: undefined,
    });
    expect(hub.stamps()).toEqual(before);
    expect(await hub.buildTable('local_domains', { force: true })).toMatchObject({
      outcome: 'published',
      removed: 80,
    });
    expect(hub.exim('local_domains')).toEqual(numbered(0, 20));
    const after = hub.stamps();
    for (const name of ['local_domains.dat', 'local_domains_tmp.dat']) expect(after[name]).toBe(before[name]);
  });

  test('has limits of its own', async () => {
    const hub = await domains('max_removed = 2');
    hub.put('etc/local_domains.dat', numbered(3, 100));
    expect(await hub.buildTable('local_domains')).toMatchObject({ findings: [{ rule: 'max_removed' }] });
    hub.put('etc/local_domains.dat', numbered(2, 100));
    expect(await hub.buildTable('local_domains')).toMatchObject({ outcome: 'published' });
  });

  test('whose .dat is a link notices a change of the file behind it', async () => {
    const hub = await domains();
    renameSync(hub.at('etc/local_domains.dat'), hub.at('in/domains'));
    symlinkSync(hub.at('in/domains'), hub.at('etc/local_domains.dat'));
    await hub.build();
    hub.put('in/domains', numbered(0, 101));
    expect(await hub.buildTable('local_domains')).toMatchObject({ outcome: 'published', after: 101 });
  });

  test('without its .dat is a failure that says so, and Exim keeps the dbm file', async () => {
    const hub = await domains();
    rmSync(hub.at('etc/local_domains.dat'));
    const { '.': _, ...before } = hub.stamps();
    const { outcome, failure } = await hub.buildTable('local_domains');
    expect(outcome).toBe('failed');
    expect(failure?.message).toContain(hub.at('etc/local_domains.dat'));
    const { '.': __, ...after } = hub.stamps();
    expect(after).toEqual(before);

    hub.put('etc/local_domains.dat', numbered(0, 3));
    expect(await hub.buildTable('local_domains'), 'the guard was on all the time').toMatchObject({
      outcome: 'held',
    });
  });
});

describe('a missing .dat does not disable the guard', () => {
  test('of a table fed by a directory: the dbm file is the published table', async () => {
    const hub = await exchange();
    rmSync(hub.at('etc/exch_table.dat'));
    const { exch_table } = hub.stamps();
    await hub.serve(numbered(0, 99));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'held', before: 100, removed: 1 });
    expect(hub.stamps().exch_table).toBe(exch_table);

    rmSync(hub.at('etc/exch_table.dat'), { force: true });
    await hub.serve(hundred);
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'unchanged' });
    expect(hub.text('etc/exch_table.dat')).toBe(datOf(hundred));
    expect(hub.stamps().exch_table).toBe(exch_table);
  });

  test('nor does losing our memory with it', async () => {
    const hub = await exchange();
    for (const path of ['etc/exch_table.dat', 'state']) rmSync(hub.at(path), { recursive: true });
    await hub.serve(numbered(0, 99));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'held', before: 100 });
  });

  test('nor do a missing dbm file and a missing .dat together: the size is remembered', async () => {
    const hub = await exchange();
    for (const path of ['etc/exch_table.dat', 'etc/exch_table']) rmSync(hub.at(path));
    await hub.serve(numbered(0, 50));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'held' });
    expect(hub.exim('exch_table')).toBeUndefined();
    await hub.serve(numbered(0, 101));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'published' });
  });
});
