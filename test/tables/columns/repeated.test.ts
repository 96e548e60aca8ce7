import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repeatedPlaces } from '../../../src/tables/columns/repeated.ts';
import { sorted } from '../../../src/tables/columns/sort.ts';
import { type Entry, pairsOf } from '../pairs.ts';

/** The plain way: strings in their order. */
function repeatsIn(keys: readonly string[]): number[] {
  const inOrder = keys.toSorted();
  return [...inOrder.keys()].filter((place) => place > 0 && inOrder[place] === inOrder[place - 1]);
}

function findsAsThePlainWay(keys: readonly string[]): void {
  const pairs = pairsOf(keys.map((key): Entry => [key, '']));
  expect([...repeatedPlaces(pairs, sorted(pairs).order)]).toEqual(repeatsIn(keys));
}

const ascii = fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code));
const ends = fc.string({ unit: fc.oneof(fc.constantFrom('a', '\0'), ascii), maxLength: 3 });
const key = fc
  .tuple(
    fc.nat(20).map((length) => 'x'.repeat(length)),
    ends,
  )
  .map((parts) => parts.join(''));

describe('repeatedPlaces', () => {
  it('finds what has the key of the one before, among few', () => {
    fc.assert(fc.property(fc.array(key, { maxLength: 40 }), findsAsThePlainWay));
  });

  it('finds it among many, which compiled loops go through', () => {
    const many = Array.from({ length: 9000 }, (_, i) => `user${i}@a-domain-of-some-length.example.org`);
    fc.assert(
      fc.property(fc.array(fc.oneof(key, fc.constantFrom(...many)), { maxLength: 300 }), (keys) =>
        findsAsThePlainWay([...many, ...keys]),
      ),
      { numRuns: 20 },
    );
  });
});
