import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diff, isSame } from '../../../src/tables/columns/diff.ts';
import { compareLatin1, type Entry, entriesOf, pairsOf } from '../pairs.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\xff'), maxLength: 3 });
const table = fc
  .uniqueArray(fc.tuple(text, text), { selector: ([key]) => key, maxLength: 40 })
  .map((entries) => entries.sort(([a], [b]) => compareLatin1(a, b)));

describe('diff', () => {
  it('finds what a Map finds', () => {
    fc.assert(
      fc.property(table, table, (before, after) => {
        const old = new Map(before);
        const young = new Map(after);
        const difference = diff(pairsOf(before), pairsOf(after));
        const at = (entries: Entry[], numbers: Uint32Array) => [...numbers].map((number) => entries[number]);
        expect(at(after, difference.added)).toEqual(after.filter(([key]) => !old.has(key)));
        expect(at(before, difference.removed)).toEqual(before.filter(([key]) => !young.has(key)));
        const changed = ([key]: Entry) => old.has(key) && young.has(key) && old.get(key) !== young.get(key);
        expect(at(before, difference.changedBefore)).toEqual(before.filter(changed));
        expect(at(after, difference.changedAfter)).toEqual(after.filter(changed));
        expect(isSame(difference)).toBe(JSON.stringify(before) === JSON.stringify(after));
      }),
      { numRuns: 1000 },
    );
  });

  it('finds nothing between a table and itself, and everything against an empty one', () => {
    const entries = Array.from(
      { length: 1000 },
      (_, i): Entry => [`key${String(i).padStart(4, '0')}`, `v${i}`],
    );
    const pairs = pairsOf(entries);
    const all = Uint32Array.from(entries.keys());
    expect(isSame(diff(pairs, pairsOf(entriesOf(pairs))))).toBe(true);
    expect(diff(pairsOf([]), pairs)).toMatchObject({ added: all, removed: new Uint32Array(0) });
    expect(diff(pairs, pairsOf([]))).toMatchObject({ added: new Uint32Array(0), removed: all });
  });
});
