import type { Filter } from '../filter.ts';
import type { Notice } from './mechanism.ts';

/** Objects asked for in one search: servers limit the length of a filter, and each of these is looked up by itself. */
const BATCH = 200;

/** Filters that find the objects by their ids, a few at a time. */
export function idFilters(attribute: string, notices: readonly Notice[]): Filter[] {
  const filters: Filter[] = [];
  for (let start = 0; start < notices.length; start += BATCH) {
    const batch = notices.slice(start, start + BATCH);
    filters.push({
      kind: 'or',
      filters: batch.map(({ assertion }) => ({ kind: 'equal', attribute, value: assertion })),
    });
  }
  return filters;
}
