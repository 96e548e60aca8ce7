import type { Filter } from './filter.ts';

/**
 * What matches at least one of some filters. A server tries one alternative after the other until one matches, and every object costs it
 * that: the ones with the fewest tests come first.
 */
export function unionFilter(filters: readonly Filter[]): Filter {
  return { kind: 'or', filters: filters.toSorted((a, b) => testsOf(a) - testsOf(b)) };
}

function testsOf(filter: Filter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.reduce((sum, inner) => sum + testsOf(inner), 0);
    case 'not':
      return testsOf(filter.filter);
    default:
      return 1;
  }
}
