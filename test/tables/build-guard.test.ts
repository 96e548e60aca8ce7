import { describe, expect, test } from 'vitest';
import { datOf, directoryFed, fileFed, Hub, keptByHand, numbered, withEntries, without } from './hub.ts';

const hundred = numbered(0, 100);

/** A hub whose one table, fed by a directory, has a hundred published entries. */
async function exchange(guard?: string): Promise<Hub> {
  const hub = new Hub();
  hub.configure(directoryFed('exch_table', guard));
  await hub.serve(hundred);
  expect(await hub.buildTable('exch_table')).toMatchObject({
    outcome: 'published',
    before: undefined,
    after: 100,
  });
  return hub;
}

/** A hub whose one table is fed by a file, with a hundred published entries. */
async function lists(guard?: string): Promise<Hub> {
  const hub = new Hub();
  hub.configure(fileFed('mlist_table', guard));
  hub.put('in/mlist_table.dat', hundred);
  expect(await hub.buildTable('mlist_table')).toMatchObject({ outcome: 'published' });
  return hub;
}

describe('a table fed by a directory has the old rule for its guard', () => {
  test('what is larger is published', async () => {
    const hub = await exchange();
    expect(hub.text('etc/exch_table.dat')).toBe(datOf(hundred));
    expect(hub.exim('exch_table')).toEqual(hundred);

    const grown = numbered(0, 101);
    await hub.serve(grown);
    expect(await hub.buildTable('exch_table')).toMatchObject({
      outcome: 'published',
      before: 100,
      after: 101,
      added: 1,
      removed: 0,
      changed: 0,
    });
    expect(hub.text('etc/exch_table.dat')).toBe(datOf(grown));
    expect(hub.exim('exch_table')).toEqual(grown);
    expect(hub.files()).toEqual(['exch_table', 'exch_table.dat']);
  });

  test('one byte more is larger', async () => {
    const hub = await exchange();
    const [[key, value]] = hundred;
    const longer = withEntries(hundred, [key, `${value}x`]);
    await hub.serve(longer);
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'published', changed: 1 });
    expect(hub.exim('exch_table')).toEqual(longer);
  });

  test('what is identical is left alone, in whatever order the directory answers', async () => {
    const hub = await exchange();
    const before = hub.stamps();
    const memory = hub.remembered('exch_table');
    await hub.serve(new Map([...hundred].reverse()));
    expect(await hub.buildTable('exch_table')).toMatchObject({
      outcome: 'unchanged',
      before: 100,
      after: 100,
      findings: [],
    });
    expect(hub.stamps()).toEqual(before);
    expect(hub.remembered('exch_table')).toEqual(memory);
  });

  test.each([
    [
      'equal in bytes but different',
      withEntries(without(hundred, 'user000050@example.ac.uk'), ...numbered(200, 201)),
    ],
    ['smaller', numbered(0, 99)],
    [
      'smaller though it has more entries',
      new Map(
        [...numbered(0, 90), ...'abcdefghijk'].map((e) =>
          typeof e === 'string' ? ([`${e}@example.ac.uk`, `${e}@x.uk`] as const) : e,
        ),
      ),
    ],
  ])('%s: held, its candidate kept, and what is published untouched', async (_, candidate) => {
    const hub = await exchange();
    const { exch_table: dbm, 'exch_table.dat': dat } = hub.stamps();
    await hub.serve(candidate);

    const report = await hub.buildTable('exch_table');
    expect(report).toMatchObject({
      outcome: 'held',
      before: 100,
      after: candidate.size,
      findings: [{ rule: 'not-larger' }],
      candidate: hub.at('etc/exch_table_tmp.dat'),
    });
    expect(hub.text('etc/exch_table_tmp.dat')).toBe(datOf(candidate));
    expect(hub.stamps()).toMatchObject({ exch_table: dbm, 'exch_table.dat': dat });

    const kept = hub.stamps();
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'held' });
    expect(hub.stamps(), 'the same candidate again').toEqual(kept);
  });

  test.each([
    ['larger', numbered(0, 102), 'published'],
    ['identical', hundred, 'unchanged'],
  ] as const)('the kept candidate goes once the next one is settled: %s', async (_, next, outcome) => {
    const hub = await exchange();
    await hub.serve(numbered(0, 99));
    await hub.build();
    expect(hub.files()).toContain('exch_table_tmp.dat');
    await hub.serve(next);
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome });
    expect(hub.files()).toEqual(['exch_table', 'exch_table.dat']);
    expect(hub.exim('exch_table')).toEqual(next);
  });

  test("another program's spacing does not count: both sides are measured in canonical form", async () => {
    const hub = new Hub();
    hub.configure(directoryFed('exch_table'));
    const spacious = [...hundred]
      .map(([key, value]) => `${key}   :      ${value}\n`)
      .join('# and a comment\n');
    hub.put('etc/exch_table.dat', spacious);
    hub.eximDbmbuild('exch_table');
    await hub.serve(numbered(0, 101));
    expect(await hub.buildTable('exch_table')).toMatchObject({
      outcome: 'published',
      before: 100,
      after: 101,
    });
  });

  test('limits on removals, once set, replace it', async () => {
    const hub = await exchange('max_removed = 5');
    await hub.serve(numbered(0, 95));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'published', removed: 5 });
  });

  test('so do limits on changes, but not the others', async () => {
    const changed = await exchange('max_changed = 0');
    await changed.serve(numbered(0, 99));
    expect(await changed.buildTable('exch_table')).toMatchObject({ outcome: 'published' });
    const added = await exchange('max_added = 10');
    await added.serve(numbered(0, 99));
    expect(await added.buildTable('exch_table')).toMatchObject({ findings: [{ rule: 'not-larger' }] });
  });
});

describe('every other table is held when it loses more than half', () => {
  test.each([
    ['half', numbered(0, 50), 'published'],
    ['one more than half', numbered(0, 49), 'held'],
    ['more than half, though as many come', new Map([...numbered(0, 49), ...numbered(500, 600)]), 'held'],
    ['nothing, but every value changes', new Map([...hundred.keys()].map((key) => [key, 'x'])), 'published'],
  ] as const)('loses %s', async (_, candidate, outcome) => {
    const hub = await lists();
    hub.put('in/mlist_table.dat', candidate);
    const report = await hub.buildTable('mlist_table');
    expect(report.outcome).toBe(outcome);
    expect(report.findings.map(({ rule }) => rule)).toEqual(outcome === 'held' ? ['half-lost'] : []);
    expect(hub.exim('mlist_table')).toEqual(outcome === 'held' ? hundred : candidate);
  });
});

describe('limits work at their edges', () => {
  const changed = (count: number) =>
    new Map([...hundred].map(([key, value], i) => [key, i < count ? 'new' : value]));

  test.each([
    ['max_removed = 7', numbered(7, 100), numbered(8, 100)],
    ['max_removed = 0', numbered(0, 110), numbered(1, 110)],
    ['max_removed = "7%"', numbered(7, 100), numbered(8, 100)],
    ['max_removed = "7.5%"', numbered(7, 100), numbered(8, 100)],
    ['max_removed = "0%"', hundred, numbered(1, 100)],
    ['max_removed = "100%"', numbered(100, 101), new Map()],
    ['max_changed = 3', changed(3), changed(4)],
    ['max_changed = "3%"', changed(3), changed(4)],
    ['max_added = 3', numbered(0, 103), numbered(0, 104)],
    ['max_added = "3%"', numbered(0, 103), numbered(0, 104)],
    ['max_removed = 100, min_entries = 60', numbered(0, 60), numbered(0, 59)],
  ] as const)('%s', async (guard, passing, held) => {
    const hub = await lists(guard);
    hub.put('in/mlist_table.dat', held);
    expect(await hub.buildTable('mlist_table', { allowEmpty: false })).toMatchObject({ outcome: 'held' });
    expect(hub.exim('mlist_table')).toEqual(hundred);
    hub.put('in/mlist_table.dat', passing);
    expect((await hub.buildTable('mlist_table')).outcome).toBe(
      passing === hundred ? 'unchanged' : 'published',
    );
    expect(hub.exim('mlist_table')).toEqual(passing);
  });

  test('a share of an odd number is not rounded', async () => {
    const hub = new Hub();
    hub.configure(fileFed('mlist_table', 'max_removed = "10%"'));
    hub.put('in/mlist_table.dat', numbered(0, 29));
    await hub.build();
    hub.put('in/mlist_table.dat', numbered(3, 29));
    expect(await hub.buildTable('mlist_table'), '3 of 29 are 10.3 %').toMatchObject({ outcome: 'held' });
    hub.put('in/mlist_table.dat', numbered(2, 29));
    expect(await hub.buildTable('mlist_table')).toMatchObject({ outcome: 'published' });
  });

  test('every limit that is passed is named, with its figures', async () => {
    const hub = await lists('max_removed = 1, max_added = 1, max_changed = 1, min_entries = 100');
    const [key] = [...numbered(50, 51).keys()];
    hub.put(
      'in/mlist_table.dat',
      new Map([...changed(2), ...numbered(200, 202)].filter(([k], i) => i < 90 || i > 99 || k === key)),
    );
    const { findings } = await hub.buildTable('mlist_table');
    expect(findings.map(({ rule }) => rule).sort()).toEqual([
      'max_added',
      'max_changed',
      'max_removed',
      'min_entries',
    ]);
    expect(findings.find(({ rule }) => rule === 'max_removed')?.message).toMatch(
      /10 of 100 .*max_removed = 1$/,
    );
  });

  test('a new table has nothing to lose, but may be too small', async () => {
    const hub = new Hub();
    hub.configure(fileFed('mlist_table', 'max_removed = 0, max_added = 0, min_entries = 10'));
    hub.put('in/mlist_table.dat', numbered(0, 9));
    expect(await hub.buildTable('mlist_table')).toMatchObject({ findings: [{ rule: 'min_entries' }] });
    expect(hub.files()).toEqual(['mlist_table_tmp.dat']);
  });
});

describe('an empty table', () => {
  test('is never published by itself, nor by force', async () => {
    const hub = new Hub();
    hub.configure(`${fileFed('mlist_table', 'max_removed = "100%"')}${keptByHand('local_domains')}`);
    hub.put('in/mlist_table.dat', '# nobody\n');
    hub.put('etc/local_domains.dat', '');
    for (const force of [false, true]) {
      const { tables } = await hub.build({ force });
      for (const { outcome, findings } of tables) {
        expect(outcome).toBe('held');
        expect(findings.map(({ rule }) => rule)).toEqual(['empty']);
      }
    }
    expect(hub.files()).toEqual(['local_domains.dat', 'mlist_table_tmp.dat']);

    hub.put('in/mlist_table.dat', hundred);
    await hub.build();
    hub.put('in/mlist_table.dat', '');
    expect(await hub.buildTable('mlist_table', { force: true })).toMatchObject({ outcome: 'held' });
    expect(hub.exim('mlist_table')).toEqual(hundred);
  });

  test('is published where it is allowed, past the guard by force only', async () => {
    const hub = await lists();
    hub.put('in/mlist_table.dat', '');
    expect(await hub.buildTable('mlist_table', { allowEmpty: true })).toMatchObject({
      findings: [{ rule: 'half-lost' }],
    });
    expect(await hub.buildTable('mlist_table', { allowEmpty: true, force: true })).toMatchObject({
      outcome: 'published',
      after: 0,
      removed: 100,
    });
    expect(hub.text('etc/mlist_table.dat')).toBe('');
    expect(hub.exim('mlist_table')).toEqual(new Map());
    expect(await hub.buildTable('mlist_table'), 'what is empty stays so').toMatchObject({
      outcome: 'unchanged',
    });
  });
});

describe('--force', () => {
  test('publishes what is held, for this run only', async () => {
    const hub = await exchange();
    await hub.serve(numbered(0, 20));
    await hub.build();
    expect(await hub.buildTable('exch_table', { force: true })).toMatchObject({
      outcome: 'published',
      removed: 80,
    });
    expect(hub.exim('exch_table')).toEqual(numbered(0, 20));
    expect(hub.files()).toEqual(['exch_table', 'exch_table.dat']);
    await hub.serve(numbered(0, 19));
    expect(await hub.buildTable('exch_table')).toMatchObject({ outcome: 'held' });
  });

  test('never past a failed source', async () => {
    const hub = await lists();
    hub.configure(`${fileFed('mlist_table')}[[tables.mlist_table.sources]]\nfile = "IN/missing.dat"\n`);
    expect(await hub.buildTable('mlist_table', { force: true, allowEmpty: true })).toMatchObject({
      outcome: 'failed',
      failure: { cause: 'source' },
    });
    expect(hub.exim('mlist_table')).toEqual(hundred);
  });
});
