import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { allOf } from '../../../src/tables/columns/common-keys.ts';
import { diff } from '../../../src/tables/columns/diff.ts';
import { valueIn } from '../../../src/tables/columns/entry-of.ts';
import { merge } from '../../../src/tables/columns/merge.ts';
import { NO_ENTRIES } from '../../../src/tables/columns/no-entries.ts';
import { pick } from '../../../src/tables/columns/pick.ts';
import {
  crossCheck,
  crossCheckNew,
  type TableView,
} from '../../../src/tables/guard/cross-checks/cross-checks.ts';
import { check } from '../../../src/tables/questions/check.ts';
import { type Entries, fileFed, Hub, keptByHand, numbered, withEntries } from '../hub.ts';
import { pairsOf, withSharedPlaces } from '../pairs.ts';
import { PlainCrossChecks, type PlainTable } from './plain-cross-checks.ts';

const names = ['exch_table', 'mlist_table', 'o365_table', 'local_domains'];

function viewOf(name: string, entries: Entries, isShared = false): TableView {
  const plain = pairsOf([...entries]);
  const pairs = isShared ? withSharedPlaces(plain) : plain;
  const { table } = merge([{ source: name, pairs }]);
  return {
    name,
    role: name === 'local_domains' ? 'domains' : name === 'mlist_table' ? 'lists' : 'addresses',
    pointsAtItself: name === 'exch_table',
    columns: () => table,
    keys: () => [pairs, table],
    get: (bytes, start, end) => valueIn(table, bytes.subarray(start, end)),
  };
}

/** The same, worked out in the plainest way: for each check and table the number of keys. */
function plainly(tables: ReadonlyMap<string, Entries>): Record<string, number> {
  const found: Record<string, number> = {};
  const count = (what: string): void => {
    found[what] = (found[what] ?? 0) + 1;
  };
  const domains = tables.get('local_domains') ?? new Map();
  const others = [...tables].filter(([name]) => name !== 'local_domains');
  const used = new Set<string>();
  others.forEach(([name, entries], i) => {
    for (const key of entries.keys()) {
      if (key.includes('@')) {
        const domain = key.slice(key.lastIndexOf('@') + 1);
        used.add(domain);
        if (!domains.has(domain)) count(`not_local ${name}`);
      }
      for (const [other, before] of others.slice(0, i)) {
        if (!before.has(key)) continue;
        count(
          `${(name === 'mlist_table') !== (other === 'mlist_table') ? 'shadowed' : 'duplicates'} ${name}`,
        );
      }
    }
  });
  for (const domain of domains.keys()) if (!used.has(domain)) count('empty_domains local_domains');
  return found;
}

const key = fc.constantFrom('a@x', 'b@x', 'c@y', 'd@z', 'e', 'f@w');
const addresses = fc.uniqueArray(fc.tuple(key, fc.constantFrom('1', '2')), { selector: ([k]) => k });
const domains = fc.uniqueArray(fc.tuple(fc.constantFrom('x', 'y', 'z', 'v'), fc.constant('')), {
  selector: ([k]) => k,
});
const hub = fc
  .tuple(addresses, addresses, addresses, domains)
  .map((lists) => new Map(names.map((name, i): [string, Entries] => [name, new Map(lists[i])])));

function countsOf(tables: ReadonlyMap<string, Entries>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { check: what, table, count } of crossCheck(
    [...tables].map(([name, each]) => viewOf(name, each)),
  ))
    counts[`${what} ${table}`] = (counts[`${what} ${table}`] ?? 0) + count;
  return counts;
}

describe('what is not right between tables', () => {
  test('is what a plain count finds', () => {
    fc.assert(
      fc.property(hub, (tables) => {
        expect(countsOf(tables)).toEqual(plainly(tables));
      }),
    );
  });

  test('is what a plain count finds of large tables', () => {
    const start = fc.integer({ min: 0, max: 2500 });
    const where = fc.constantFrom('x', 'y', 'z', 'w');
    const filler = fc.tuple(start, where, where).map(([from, one, other]) =>
      Array.from({ length: 1100 }, (_, i): [string, string] => {
        return [`person${from + i}@${i % 3 === 0 ? one : other}`, 'value'];
      }),
    );
    fc.assert(
      fc.property(hub, fc.tuple(filler, filler, filler), (tables, fillers) => {
        const large = names.map((name, i): [string, Entries] => {
          return [name, new Map([...(tables.get(name) ?? []), ...(fillers[i] ?? [])])];
        });
        expect(countsOf(new Map(large))).toEqual(plainly(new Map(large)));
      }),
      { numRuns: 40 },
    );
  });

  test('after a change, what is new is told, and nothing when there is nothing', () => {
    fc.assert(
      fc.property(hub, hub, fc.boolean(), (before, after, isPart) => {
        const views = [...after].map(([name, entries]) => viewOf(name, entries));
        const novelties = views.flatMap((view) => {
          const old = viewOf(view.name, before.get(view.name) ?? new Map()).columns();
          const { added, removed, changedAfter } = diff(old, view.columns());
          if (added.length + removed.length + changedAfter.length === 0) return [];
          // No more of the table than what is new, or all of it.
          const news = Uint32Array.from([...added, ...changedAfter].sort((a, b) => a - b));
          const number = (entry: number): number => news.indexOf(entry);
          const gone = pick(old, removed);
          if (!isPart) return [{ view, entries: view.columns(), added, changed: changedAfter, gone }];
          const entries = pick(view.columns(), news);
          return [{ view, entries, added: added.map(number), changed: changedAfter.map(number), gone }];
        });
        const found = crossCheckNew(views, novelties);
        const [was, is] = [plainly(before), plainly(after)];
        const worse = Object.keys(is).some((what) => (is[what] ?? 0) > (was[what] ?? 0));
        if (worse) expect(found.length).toBeGreaterThan(0);
        if (Object.keys(is).length === 0) expect(found).toEqual([]);
      }),
    );
  });

  test.each<[string, Record<string, [string, string][]>, string[]]>([
    [
      'a primary address is its own value',
      {
        exch_table: [
          ['a@x', 'a@x'],
          ['b@x', 'a@x'],
        ],
      },
      [],
    ],
    [
      'an address that is its own',
      { o365_table: [['a@x', 'A@x']] },
      ['passed on to itself: 1 address (a@x)'],
    ],
    [
      'two tables that send it back and forth',
      { exch_table: [['a@x', 'b@x']], o365_table: [['b@x', 'a@x']] },
      ['passed on in a loop: 1 address (a@x -> b@x -> a@x)'],
    ],
    [
      'the first table that has it decides',
      {
        exch_table: [
          ['a@x', 'b@x'],
          ['b@x', 'b@x'],
        ],
        o365_table: [['b@x', 'a@x']],
      },
      [],
    ],
    [
      'a value of another domain leads out',
      { exch_table: [['a@x', 'b@elsewhere']], o365_table: [['b@elsewhere', 'a@x']] },
      [],
    ],
  ])('%s', (_, tables, messages) => {
    const views = names.map((name) => {
      const entries = name === 'local_domains' ? ([['x', '']] as const) : (tables[name] ?? []);
      return viewOf(name, new Map(entries));
    });
    const loops = crossCheck(views).filter(({ check: what }) => what === 'loops');
    expect(loops.map(({ message }) => message)).toEqual(messages);
  });

  test('the loops of large tables are those of small ones: what leads to none is only passed over sooner', () => {
    const loose = fc.constantFrom('a@x', 'b@x', 'c@y', 'd@z', 'B@x', 'a@x, b@x', 'e', 'f@w', 'person1@x', '');
    const links = fc.uniqueArray(fc.tuple(key, loose), { selector: ([k]) => k });
    const filler = (value: (i: number) => string, name: string): [string, string][] =>
      Array.from({ length: 1100 }, (_, i) => [`${name}${i}@x`, value(i)]);
    const fillers: Record<string, [string, string][]> = {
      exch_table: filler((i) => `person${i - (i % 2)}@x`, 'person'),
      o365_table: filler((i) => `guest${i}@remote.w`, 'guest'),
      mlist_table: filler((i) => (i % 3 === 0 ? 'list@lists' : `Nobody${i}@x`), 'list'),
    };
    fc.assert(
      fc.property(links, links, links, fc.boolean(), (exchange, lists, office, hasDomains) => {
        const tables = { exch_table: exchange, mlist_table: lists, o365_table: office };
        const loopsOf = (large: boolean) => {
          const views = Object.entries(tables).map(([name, entries]) =>
            viewOf(name, new Map([...entries, ...(large ? fillers[name] : [])])),
          );
          const local = ['x', 'y', 'remote.w'].map((domain): [string, string] => [domain, '']);
          if (hasDomains) views.push(viewOf('local_domains', new Map(local)));
          return crossCheck(views).filter(({ check: what }) => what === 'loops');
        };
        expect(loopsOf(true)).toEqual(loopsOf(false));
      }),
      { numRuns: 100 },
    );
  });

  test('are found in large tables as entry by entry, word for word', () => {
    /** What entries of large tables lead to: they form chains, some of them endless, and most end soon. */
    const leads: readonly ((i: number) => string)[] = [
      (i) => `person${i}@x`,
      (i) => `person${i + 1}@x`,
      (i) => `Person${i ^ 1}@x`,
      (i) => `person${i - (i % 7)}@x`,
      (i) => `person${(i % 40) + 1}@y`,
      (i) => `p${i}@remote.example`,
      () => 'a@x',
      (i) => (i % 2 === 0 ? '' : `person${i}@x, a@x`),
    ];
    const filler = fc
      .record({
        from: fc.integer({ min: 0, max: 1500 }),
        length: fc.constantFrom(0, 1, 1000, 1200),
        domains: fc.constantFrom(['x'], ['x', 'y'], ['x', 'x', 'w']),
        // Another case gives keys that are not the same, though their hashes are.
        name: fc.constantFrom('person', 'person', 'PERSON'),
        lead: fc.array(fc.nat(leads.length - 1), { minLength: 1, maxLength: 3 }),
      })
      .map(({ from, length, domains, name, lead }) =>
        Array.from({ length }, (_, i): [string, string] => {
          const value = name === 'PERSON' ? 'elsewhere' : leads[lead[i % lead.length]](from + i);
          return [`${name}${from + i}@${domains[i % domains.length]}`, value];
        }),
      );
    const links = fc.uniqueArray(
      fc.tuple(key, fc.constantFrom('a@x', 'b@x', 'c@y', 'd@z', 'B@x', 'f@w', 'person3@x', 'e', '')),
      { selector: ([k]) => k },
    );
    const table = fc.record({
      role: fc.constantFrom<'addresses' | 'lists'>('addresses', 'addresses', 'lists'),
      pointsAtItself: fc.boolean(),
      entries: fc.tuple(filler, links).map((lists) => new Map(lists.flat())),
      isNew: fc.boolean(),
      isShared: fc.boolean(),
    });
    const local = fc.option(domains, { nil: undefined });
    const found: Record<string, number> = {};
    fc.assert(
      fc.property(
        fc.array(table, { minLength: 1, maxLength: 4 }),
        local,
        fc.boolean(),
        (some, names, whole) => {
          const tables: (PlainTable & { readonly isNew: boolean; readonly isShared: boolean })[] = some.map(
            (each, i) => ({
              ...each,
              name: `table${i}`,
            }),
          );
          const role = { role: 'domains', pointsAtItself: false, isNew: true, isShared: false } as const;
          if (names !== undefined) tables.push({ name: 'local_domains', ...role, entries: new Map(names) });
          const views = tables.map((each) => ({
            ...viewOf(each.name, each.entries, each.isShared),
            role: each.role,
            pointsAtItself: each.pointsAtItself,
          }));
          const novelties = views.flatMap((view, i) => {
            const entries = view.columns();
            const nothing = { changed: new Uint32Array(0), gone: NO_ENTRIES };
            return whole || tables[i].isNew ? [{ view, entries, added: allOf(entries), ...nothing }] : [];
          });
          const asked = tables.filter(({ isNew }) => whole || isNew);
          const findings = whole ? crossCheck(views) : crossCheckNew(views, novelties);
          expect(findings).toEqual(new PlainCrossChecks(tables, whole).of(asked));
          for (const finding of findings) found[finding.check] = (found[finding.check] ?? 0) + 1;
        },
      ),
      { numRuns: 150 },
    );
    expect(Object.keys(found).sort()).toEqual([
      'duplicates',
      'empty_domains',
      'loops',
      'not_local',
      'shadowed',
    ]);
  });

  test('a wildcard stands for what is below its domain', () => {
    const views = [
      viewOf(
        'exch_table',
        new Map([
          ['a@deep.below.x', '1'],
          ['a@x', '1'],
        ]),
      ),
      viewOf('local_domains', new Map([['*.x', '']])),
    ];
    expect(crossCheck(views)).toMatchObject([{ check: 'not_local', examples: ['a@x'] }]);
  });
});

describe('on a hub', () => {
  const ten = numbered(0, 10);
  const [[shared]] = ten;

  async function twoTables(section: string): Promise<Hub> {
    const made = new Hub();
    made.configure(
      `[cross_checks]\n${section}\n${fileFed('exch_table')}${fileFed('mlist_table')}${keptByHand('local_domains')}`,
    );
    made.put('in/exch_table.dat', ten);
    made.put('in/mlist_table.dat', numbered(20, 30));
    made.put('etc/local_domains.dat', 'example.ac.uk:\n');
    expect((await made.build()).warnings).toEqual([]);
    return made;
  }

  test('build warns once, when it comes, and check as long as it is there', async () => {
    const made = await twoTables('');
    made.put('in/mlist_table.dat', withEntries(numbered(20, 30), [shared, 'list@sympa.example']));
    const message = `a list in mlist_table and a person in exch_table, and Exim takes exch_table: 1 address (${shared})`;
    const report = await made.build();
    expect(report.warnings).toEqual([`mlist_table: new with this run: ${message}`]);
    expect(report.tables[1]).toMatchObject({ outcome: 'published' });
    expect((await made.build()).warnings).toEqual([]);
    const seen = [];
    for await (const each of check(await loadConfig(made.configFile))) seen.push(each);
    expect(seen).toContainEqual({
      subject: 'the tables together',
      verdict: 'warning',
      message: `mlist_table: ${message}`,
    });
  });

  test('what two tables bring together is said once', async () => {
    const made = await twoTables('');
    const both = ['both@example.ac.uk', 'box@sympa.example'] as const;
    made.put('in/exch_table.dat', withEntries(ten, both));
    made.put('in/mlist_table.dat', withEntries(numbered(20, 30), both));
    const { warnings } = await made.build();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('both@example.ac.uk');
  });

  test('a table is held for it where the configuration says so, and --force publishes it', async () => {
    const made = await twoTables('shadowed = "hold"');
    made.put('in/mlist_table.dat', withEntries(numbered(20, 30), [shared, 'list@sympa.example']));
    expect(await made.buildTable('mlist_table')).toMatchObject({
      outcome: 'held',
      findings: [{ rule: 'cross-check', count: 1, examples: [shared] }],
    });
    expect(made.exim('mlist_table')).toEqual(numbered(20, 30));
    expect(await made.buildTable('mlist_table', { force: true })).toMatchObject({ outcome: 'published' });
  });

  test('a domain that goes while it has addresses holds the table of the domains', async () => {
    const made = await twoTables('not_local = "hold"');
    made.put('etc/local_domains.dat', 'example.ac.uk:\nlists.example.ac.uk:\n');
    expect((await made.build()).warnings).toEqual([
      'local_domains: new with this run: without an address in any table: 1 domain (lists.example.ac.uk)',
    ]);
    made.put('etc/local_domains.dat', 'lists.example.ac.uk:\n');
    expect(await made.buildTable('local_domains')).toMatchObject({
      outcome: 'held',
      findings: [{ rule: 'cross-check' }, { rule: 'cross-check' }],
    });
    expect(made.exim('local_domains')?.size).toBe(2);
  });

  test('off is off', async () => {
    const made = await twoTables('shadowed = "off"');
    made.put('in/mlist_table.dat', withEntries(numbered(20, 30), [shared, 'list@sympa.example']));
    expect((await made.build()).warnings).toEqual([]);
  });

  test('a table that is not there is a mistake in the configuration', async () => {
    const made = new Hub();
    made.configure(`[cross_checks]\nlists = ["mlist_tabel"]\n${fileFed('mlist_table')}`);
    await expect(made.build()).rejects.toThrow(
      /cross_checks\.lists\[0\]: there is no table "mlist_tabel"; did you mean mlist_table\?/,
    );
  });
});
