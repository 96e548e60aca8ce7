import { expect, test } from 'vitest';
import { parseFilter } from '../../src/ldap/filter.ts';
import { unionFilter } from '../../src/ldap/union-filter.ts';

const union = (...filters: readonly string[]) => unionFilter(filters.map(parseFilter));

test('the alternative with the fewest tests is tried first, and those with as many stay in their order', () => {
  const long = '(&(a=*)(|(b=1)(c=2))(!(d=3)))';
  const short = '(&(a=*)(e=5))';
  const another = '(&(f=*)(!(g=5)))';
  expect(union(long, short, another, '(h=*)')).toEqual(parseFilter(`(|(h=*)${short}${another}${long})`));
});
