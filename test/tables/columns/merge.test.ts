import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Conflict, merge } from '../../../src/tables/columns/merge.ts';
import { bytes, compareLatin1, type Entry, entriesOf, pairsOf } from '../pairs.ts';

interface Source {
  readonly entries: readonly Entry[];
  /** Hand the entries over in the order of their keys, and say so. */
  readonly isSorted?: boolean;
  /** Say, too, which keys are there twice. */
  readonly isKnown?: boolean;
}

function merged(sources: readonly Source[]) {
  return merge(
    sources.map(({ entries, isSorted = false, isKnown = false }, i) => {
      const given = isSorted ? entries.toSorted(([a], [b]) => compareLatin1(a, b)) : entries;
      const places = [...given.keys()].filter((i) => i > 0 && given[i][0] === given[i - 1][0]);
      const repeated = isSorted && isKnown ? Uint32Array.from(places) : undefined;
      return { source: `source ${i}`, isSorted, repeated, pairs: pairsOf(given) };
    }),
  );
}

interface Claim {
  readonly source: number;
  readonly value: string;
}

/** What the rules say, with a Map: the first source that has a key, within it the first value. */
function model(sources: readonly Source[]): { entries: Entry[]; conflicts: Conflict[] } {
  const claims = new Map<string, Claim[]>();
  sources.forEach(({ entries }, source) => {
    const own = new Map<string, Claim[]>();
    for (const [key, value] of entries) own.set(key, [...(own.get(key) ?? []), { source, value }]);
    for (const [key, list] of own) {
      claims.set(key, [...(claims.get(key) ?? []), ...list]);
    }
  });
  const sorted = [...claims].sort(([a], [b]) => compareLatin1(a, b));
  const described = ({ source, value }: Claim) => ({ source: `source ${source}`, value });
  return {
    entries: sorted.map(([key, [kept]]) => [key, kept.value]),
    conflicts: sorted.flatMap(([key, [kept, ...others]]) =>
      others
        .filter(({ value }) => value !== kept.value)
        .map((dropped) => ({ key, kept: described(kept), dropped: described(dropped) })),
    ),
  };
}

const text = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength, minLength: 1 });
const source = fc.record({
  isSorted: fc.boolean(),
  isKnown: fc.boolean(),
  entries: fc.array(fc.tuple(text(3), text(2)), { maxLength: 30 }),
});

describe('merge', () => {
  it('gives each key the value of the first source that has it, and names what it dropped', () => {
    fc.assert(
      fc.property(fc.array(source, { maxLength: 4 }), (sources) => {
        const { table, conflicts } = merged(sources);
        const expected = model(sources);
        expect(entriesOf(table)).toEqual(expected.entries);
        expect(conflicts.examples).toEqual(expected.conflicts);
        expect(conflicts.count).toBe(expected.conflicts.length);
        const lines = expected.entries.map(([key, value]) => `${key}: ${value}\n`);
        expect(Buffer.concat([...table.text()]).toString()).toBe(lines.join(''));
      }),
      { numRuns: 500 },
    );
  });

  it('shows conflicting keys and values so that they do not disturb a report', () => {
    const entries: Entry[] = [
      ['a\x1b', '\r1'],
      ['a\x1b', '\t2'],
    ];
    expect(merged([{ entries }]).conflicts.examples).toEqual([
      {
        key: 'a\\u001b',
        kept: { source: 'source 0', value: '\\r1' },
        dropped: { source: 'source 0', value: '\\t2' },
      },
    ]);
  });

  it('counts every conflict but keeps only the first thousand', () => {
    const entries = Array.from({ length: 3000 }, (_, i): Entry => [`key${i % 1500}`, `value${i}`]);
    const { conflicts } = merged([{ entries }]);
    expect(conflicts.count).toBe(1500);
    expect(conflicts.examples).toHaveLength(1000);
  });

  it('does not change what the sources gave', () => {
    const pairs = pairsOf([
      ['b', '1'],
      ['a', '2'],
    ]);
    merge([
      { source: 'x', pairs },
      { source: 'y', pairs },
    ]);
    expect(bytes('b1a2').equals(pairs.pool)).toBe(true);
    expect(entriesOf(pairs)).toEqual([
      ['b', '1'],
      ['a', '2'],
    ]);
  });
});
