import { expect, test } from 'vitest';
import { and, FALSE, not, or, TRUE, type Truth, UNDEFINED, UNSURE } from '../../src/ldap/truth.ts';

const certain = [TRUE, FALSE, UNDEFINED];

/** RFC 4511, 4.5.1.7: the least of them, or the greatest, where False is below Undefined and that below True. */
const rank = (truth: Truth) => [FALSE, UNDEFINED, TRUE].indexOf(truth);

test('and, or and not are those of RFC 4511', () => {
  for (const a of certain) {
    for (const b of certain) {
      expect(and(a, b)).toBe(rank(a) < rank(b) ? a : b);
      expect(or(a, b)).toBe(rank(a) > rank(b) ? a : b);
    }
  }
  expect(certain.map(not)).toEqual([FALSE, TRUE, UNDEFINED]);
});

test('of several possible values each is reckoned with', () => {
  const members = (set: Truth) => certain.filter((truth) => (set & truth) !== 0);
  const sets = [1, 2, 3, 4, 5, 6, 7];
  for (const a of sets) {
    expect(not(a)).toBe(members(a).reduce((union, x) => union | not(x), 0));
    for (const b of sets) {
      const each = (combine: (x: Truth, y: Truth) => Truth) =>
        members(a).reduce((union, x) => members(b).reduce((sum, y) => sum | combine(x, y), union), 0);
      expect(and(a, b)).toBe(each(and));
      expect(or(a, b)).toBe(each(or));
    }
  }
  expect(and(UNSURE, FALSE)).toBe(FALSE);
  expect(or(UNSURE, TRUE)).toBe(TRUE);
});
