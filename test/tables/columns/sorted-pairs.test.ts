import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntriesBuilder } from '../../../src/tables/columns/entries.ts';
import { sortedPairs, sortInGroups } from '../../../src/tables/columns/sorted-pairs.ts';
import { bytes, compareLatin1, type Entry, entriesOf, pairsOf } from '../pairs.ts';

const few = fc.constantFrom('a', 'b', '\0', '\xff');
const piece = fc.constantFrom('', 'student', '\0'.repeat(9), 'x'.repeat(16), 'x'.repeat(300));
const key = fc.tuple(piece, fc.string({ unit: few, maxLength: 3 }), piece).map((parts) => parts.join(''));
const lists = fc.array(key, { minLength: 1, maxLength: 200, size: 'max' });

/** Entries with their number as a value: those with one key are told apart. */
function numbered(keys: readonly string[]): Entry[] {
  return keys.map((each, i): Entry => [each, String(i)]);
}

/** The plain way, which leaves those with one key in their order. */
function inOrder(keys: readonly string[]): Entry[] {
  return numbered(keys).sort(([a], [b]) => compareLatin1(a, b));
}

describe('sortedPairs', () => {
  it('puts entries in the order of their keys, and leaves those with one key in theirs', () => {
    fc.assert(
      fc.property(lists, (keys) => {
        const { pairs, repeats } = sortedPairs(pairsOf(numbered(keys)));
        expect(entriesOf(pairs)).toEqual(inOrder(keys));
        expect(repeats).toBe(new Set(keys).size < keys.length);
      }),
    );
  });

  it.each([
    ['all the same', () => 'the same'],
    [
      'of which most agree in more bytes than entries are divided by',
      (i: number) => `${i % 9 === 0 ? 'x' : 'student-of-medicine'}${i * 7919}`,
    ],
    ['of which each comes five times', (i: number) => `user${i % 4000}`],
  ])('sorts 20,000 keys %s', (_, keyAt) => {
    const keys = Array.from({ length: 20_000 }, (_, i) => keyAt(i));
    const { pairs, repeats } = sortedPairs(pairsOf(numbered(keys)));
    expect(entriesOf(pairs)).toEqual(inOrder(keys));
    expect(repeats).toBe(new Set(keys).size < keys.length);
  });

  it('gives what is in order as it is', () => {
    const given = pairsOf(numbered(['a', 'b', 'b']));
    expect(sortedPairs(given)).toEqual({ pairs: given, repeats: true });
  });
});

describe('sortInGroups', () => {
  it('does the same with any number of groups', () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 50 }), (keys, groupEntries) => {
        const builder = new EntriesBuilder(16, 1 << 17);
        for (const [each, value] of numbered(keys))
          builder.add(bytes(each), 0, each.length, bytes(value), 0, value.length);
        const { pairs, repeats } = sortInGroups(builder.finish(), groupEntries);
        expect(entriesOf(pairs)).toEqual(inOrder(keys));
        expect(repeats).toBe(new Set(keys).size < keys.length);
      }),
      { numRuns: 300 },
    );
  });
});
