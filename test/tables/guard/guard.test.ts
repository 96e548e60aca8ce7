import { describe, expect, it } from 'vitest';
import type { GuardConfig } from '../../../src/config/config.ts';
import { diff } from '../../../src/tables/columns/diff.ts';
import { merge } from '../../../src/tables/columns/merge.ts';
import { type Judgement, judge } from '../../../src/tables/guard/guard.ts';
import { pairsOf } from '../pairs.ts';

/** A table of 1,000 entries that gained a few. */
const harmless: Judgement = {
  config: undefined,
  fedByDirectory: true,
  before: { entries: 1000, bytes: 40_000 },
  after: { entries: 1005, bytes: 40_200 },
  counts: { added: 10, removed: 5, changed: 3 },
  allowEmpty: false,
};

function rules(judgement: Partial<Judgement>): string[] {
  return judge({ ...harmless, ...judgement }).findings.map(({ rule }) => rule);
}

function withCounts(config: GuardConfig, counts: Partial<Judgement['counts']>, entries = 1000): string[] {
  const none = { added: 0, removed: 0, changed: 0 };
  return rules({ config, counts: { ...none, ...counts }, before: { entries, bytes: 40_000 } });
}

describe('the guard', () => {
  it('lets a larger table pass', () => {
    expect(rules({})).toEqual([]);
    expect(rules({ fedByDirectory: false })).toEqual([]);
  });

  it('holds a table from a directory that is not larger in bytes', () => {
    expect(rules({ after: { entries: 1005, bytes: 40_001 } })).toEqual([]);
    expect(rules({ after: { entries: 1005, bytes: 40_000 } })).toEqual(['not-larger']);
    expect(rules({ after: { entries: 1005, bytes: 39_999 } })).toEqual(['not-larger']);
    expect(rules({ after: { entries: 1005, bytes: 39_999 }, fedByDirectory: false })).toEqual([]);
  });

  it('holds any other table that loses more than half of its entries', () => {
    const other = (removed: number, entries: number) =>
      rules({
        fedByDirectory: false,
        before: { entries, bytes: 40_000 },
        after: { entries: 1, bytes: 40 },
        counts: { added: 0, removed, changed: 0 },
      });
    expect(other(500, 1000)).toEqual([]);
    expect(other(501, 1000)).toEqual(['half-lost']);
    expect(other(2, 5)).toEqual([]);
    expect(other(3, 5)).toEqual(['half-lost']);
    expect(other(1, 2)).toEqual([]);
    expect(other(1, 1)).toEqual(['half-lost']);
  });

  it('counts what was removed, however many came in their place', () => {
    const counts = { added: 2000, removed: 501, changed: 0 };
    expect(rules({ fedByDirectory: false, counts })).toEqual(['half-lost']);
    expect(rules({ config: { maxRemoved: { count: 500 } }, counts })).toEqual(['max_removed']);
  });

  it.each([
    ['max_removed', 'maxRemoved', 'removed'],
    ['max_changed', 'maxChanged', 'changed'],
    ['max_added', 'maxAdded', 'added'],
  ] as const)('keeps %s at its edges, in entries and in percent', (rule, key, count) => {
    const other = { maxRemoved: { count: 1000 } };
    expect(withCounts({ ...other, [key]: { count: 25 } }, { [count]: 25 })).toEqual([]);
    expect(withCounts({ ...other, [key]: { count: 25 } }, { [count]: 26 })).toEqual([rule]);
    expect(withCounts({ ...other, [key]: { count: 0 } }, { [count]: 1 })).toEqual([rule]);
    expect(withCounts({ ...other, [key]: { percent: 1 } }, { [count]: 10 })).toEqual([]);
    expect(withCounts({ ...other, [key]: { percent: 1 } }, { [count]: 11 })).toEqual([rule]);
    expect(withCounts({ ...other, [key]: { percent: 1 } }, { [count]: 1 }, 99)).toEqual([rule]);
    expect(withCounts({ ...other, [key]: { percent: 1 } }, { [count]: 1 }, 100)).toEqual([]);
    expect(withCounts({ ...other, [key]: { percent: 0 } }, { [count]: 1 })).toEqual([rule]);
    expect(withCounts({ ...other, [key]: { percent: 100 } }, { [count]: 1000 })).toEqual([]);
  });

  it('is exact where a percentage has no exact binary form', () => {
    for (const [percent, entries, limit] of [
      [0.1, 3000, 3],
      [0.7, 1000, 7],
      [1.1, 1000, 11],
      [0.57, 10_000, 57],
      [1.14, 5000, 57],
      [2.01, 10_000, 201],
      [33.3, 10_000_000, 3_330_000],
    ]) {
      expect(withCounts({ maxRemoved: { percent } }, { removed: limit }, entries)).toEqual([]);
      expect(withCounts({ maxRemoved: { percent } }, { removed: limit + 1 }, entries)).toEqual([
        'max_removed',
      ]);
    }
  });

  it('drops the rule about size or halves once removals or changes have a limit of their own', () => {
    const smaller = { after: { entries: 400, bytes: 100 }, counts: { added: 0, removed: 600, changed: 0 } };
    for (const fedByDirectory of [true, false]) {
      const ofDefault = fedByDirectory ? 'not-larger' : 'half-lost';
      expect(rules({ ...smaller, fedByDirectory, config: { maxRemoved: { count: 600 } } })).toEqual([]);
      expect(rules({ ...smaller, fedByDirectory, config: { maxChanged: { count: 0 } } })).toEqual([]);
      expect(rules({ ...smaller, fedByDirectory, config: { maxAdded: { count: 0 } } })).toEqual([ofDefault]);
      expect(rules({ ...smaller, fedByDirectory, config: { minEntries: 1 } })).toEqual([ofDefault]);
      expect(rules({ ...smaller, fedByDirectory, config: {} })).toEqual([ofDefault]);
    }
  });

  it('keeps min_entries, with or without a published table', () => {
    const config = { maxRemoved: { count: 1000 }, minEntries: 100 };
    for (const before of [harmless.before, undefined]) {
      expect(rules({ config, before, after: { entries: 100, bytes: 4000 } })).toEqual([]);
      expect(rules({ config, before, after: { entries: 99, bytes: 4000 } })).toEqual(['min_entries']);
    }
  });

  it('holds an empty table unless it is allowed, whatever else is set', () => {
    const after = { entries: 0, bytes: 0 };
    const config = { maxRemoved: { percent: 100 } };
    expect(rules({ config, after })).toEqual(['empty']);
    expect(rules({ config, after, allowEmpty: true })).toEqual([]);
    expect(rules({ config, after, before: undefined })).toEqual(['empty']);
    expect(rules({ config, after, before: undefined, allowEmpty: true })).toEqual([]);
    expect(rules({ after, allowEmpty: true })).toEqual(['not-larger']);
  });

  it('lets a table pass that was never published', () => {
    const counts = { added: 1005, removed: 0, changed: 0 };
    expect(rules({ before: undefined, counts })).toEqual([]);
    expect(rules({ before: undefined, counts, config: { maxAdded: { count: 0 } } })).toEqual([]);
  });

  it('reports every rule that a candidate breaks, with its figures', () => {
    const { findings } = judge({
      ...harmless,
      config: {
        maxRemoved: { percent: 0.5 },
        maxChanged: { count: 2 },
        maxAdded: { percent: 1 },
        minEntries: 2000,
      },
      counts: { added: 11, removed: 6, changed: 3 },
    });
    expect(findings).toMatchObject([
      { rule: 'min_entries', message: '1005 entries, fewer than min_entries = 2000' },
      { rule: 'max_removed', message: '6 of 1000 entries removed, more than max_removed = "0.5%"' },
      { rule: 'max_changed', message: '3 of 1000 entries changed, more than max_changed = 2' },
      { rule: 'max_added', message: '11 of 1000 entries added, more than max_added = "1%"' },
    ]);
  });
});

describe('the rules on domains and keys', () => {
  /** A table from lines of `DOMAIN FROM TO`: numbered addresses there. */
  function table(...lines: readonly string[]): Map<string, string> {
    const entries = new Map<string, string>();
    for (const line of lines) {
      const [domain = '', from = 0, to = 0] = line.split(' ');
      for (let i = Number(from); i < Number(to); i++) entries.set(`u${i}@${domain}`, `b${i}@x.example`);
    }
    return entries;
  }

  function verdict(config: GuardConfig, from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>) {
    const [before, after] = [from, to].map((each) => merge([{ source: 's', pairs: pairsOf(each) }]).table);
    const difference = diff(before, after);
    const { added, removed, changedAfter } = difference;
    return judge({
      config: { maxRemoved: { percent: 100 }, ...config },
      fedByDirectory: false,
      before: { entries: before.count, bytes: before.bytes },
      after: { entries: after.count, bytes: after.bytes },
      counts: { added: added.length, removed: removed.length, changed: changedAfter.length },
      allowEmpty: false,
      compared: { before, difference },
    });
  }
  const half = { maxRemovedPerDomain: { percent: 50 } };
  const found = (...args: Parameters<typeof verdict>) =>
    verdict(...args).findings.map(({ rule, count }) => `${rule} ${count}`);

  it('finds a domain that would be gone, however small it is', () => {
    expect(found(half, table('big 0 1000', 'tiny 0 1'), table('big 0 1000'))).toEqual([
      'max_removed_per_domain 1',
    ]);
    expect(found(half, table('big 0 1000', 'st 0 5'), table('big 1 1000'))).toEqual([
      'max_removed_per_domain 5',
    ]);
    expect(found({ maxRemovedPerDomain: { count: 10 } }, table('a 0 9', 'b 0 3'), table('a 0 9'))).toEqual([
      'max_removed_per_domain 3',
    ]);
  });

  it('finds one that would lose more than its share, and leaves a few of a small one alone', () => {
    expect(found(half, table('a 0 100'), table('a 50 100'))).toEqual([]);
    expect(found(half, table('a 0 100'), table('a 51 100'))).toEqual(['max_removed_per_domain 51']);
    expect(found(half, table('a 0 5'), table('a 4 5')), 'four of five').toEqual([]);
    expect(found(half, table('a 0 6'), table('a 5 6')), 'five of six').toEqual(['max_removed_per_domain 5']);
    expect(found({ maxRemovedPerDomain: { count: 1 } }, table('a 0 5'), table('a 2 5'))).toEqual([
      'max_removed_per_domain 2',
    ]);
    expect(found(half, table('a 0 9'), table('a 10 12')), 'all of them replaced').toEqual([
      'max_removed_per_domain 9',
    ]);
    expect(
      found(
        half,
        new Map([
          ['plain', 'x'],
          ['other', 'x'],
        ]),
        new Map([['other', 'x']]),
      ),
      'no domain',
    ).toEqual([]);
  });

  it('names each domain with its first addresses, and of very many the first ones', () => {
    const { findings } = verdict(half, table('a 0 7', 'b 0 2', 'c 0 3'), table('c 0 3'));
    expect(findings).toEqual([
      {
        rule: 'max_removed_per_domain',
        message: 'the domain a would be gone: all 7 entries (max_removed_per_domain = "50%")',
        count: 7,
        limit: '"50%"',
        examples: ['u0@a', 'u1@a', 'u2@a', 'u3@a', 'u4@a'],
      },
      expect.objectContaining({ count: 2, examples: ['u0@b', 'u1@b'] }),
    ]);
    const many = Array.from({ length: 50 }, (_, i) => `d${i} 0 1`);
    const last = verdict(half, table('z 0 9', ...many), table('z 0 9')).findings.at(-1);
    expect(last).toMatchObject({ message: expect.stringContaining('30 further domains'), count: 30 });
  });

  it('protects keys, and domains of which some address must stay', () => {
    const shelter = { protected: ['u0@a', 'never@there', '@b', '@nowhere'] };
    const before = table('a 0 3', 'b 0 3');
    expect(found(shelter, before, table('a 0 3', 'b 2 3'))).toEqual([]);
    expect(found(shelter, before, table('a 0 3', 'b 7 8')), 'another address is there').toEqual([]);
    expect(found(shelter, before, table('a 1 3'))).toEqual(['protected 3', 'protected 1']);
    expect(verdict(shelter, before, table('a 1 3')).findings.map(({ message }) => message)).toEqual([
      'the protected domain @b would be gone: all 3 entries',
      'the protected key u0@a would be gone',
    ]);
  });

  it('has one key for the same removals, whatever else comes', () => {
    const before = table('a 0 10', 'b 0 10');
    const key = (to: ReadonlyMap<string, string>) => verdict(half, before, to).key;
    const gone = table('a 0 10');
    expect(key(table('a 0 20'))).toBe(key(gone));
    expect(key(table('a 0 10', 'c 0 3'))).toBe(key(gone));
    expect(key(table('a 1 10')), 'of another domain, which is not in question').toBe(key(gone));
    expect(key(table('b 0 10'))).not.toBe(key(gone));
    const all = (to: ReadonlyMap<string, string>) => verdict({ maxRemoved: { count: 0 } }, before, to).key;
    expect(all(table('a 1 10'))).not.toBe(all(gone));
  });
});

it('finds the age of a source, and says it in words', () => {
  const old = { path: '/in/lists.dat', age: 3.2 * 86_400_000, limit: 3 * 86_400_000 };
  const { findings, key } = judge({ ...harmless, oldSources: [old] });
  expect(findings).toEqual([
    {
      rule: 'max_age',
      message: '/in/lists.dat was written 3 days 4 hours ago, more than max_age = "3 days"',
      count: old.age,
      limit: '3 days',
    },
  ]);
  expect(judge({ ...harmless, oldSources: [{ ...old, age: old.age * 2 }] }).key).toBe(key);
});
