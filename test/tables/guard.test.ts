import { describe, expect, it } from 'vitest';
import type { GuardConfig } from '../../src/config/config.ts';
import { type Judgement, judge } from '../../src/tables/guard.ts';

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
  return judge({ ...harmless, ...judgement }).map(({ rule }) => rule);
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
    const findings = judge({
      ...harmless,
      config: {
        maxRemoved: { percent: 0.5 },
        maxChanged: { count: 2 },
        maxAdded: { percent: 1 },
        minEntries: 2000,
      },
      counts: { added: 11, removed: 6, changed: 3 },
    });
    expect(findings).toEqual([
      { rule: 'min_entries', message: '1005 entries, fewer than min_entries = 2000' },
      { rule: 'max_removed', message: '6 of 1000 entries removed, more than max_removed = "0.5%"' },
      { rule: 'max_changed', message: '3 of 1000 entries changed, more than max_changed = 2' },
      { rule: 'max_added', message: '11 of 1000 entries added, more than max_added = "1%"' },
    ]);
  });
});
