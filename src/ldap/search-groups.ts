import type { Filter } from './filter.ts';
import { type FilterGroup, type OwnSearch, planSearches } from './plan.ts';
import { type Attempt, RecipientSearch } from './recipient-search.ts';
import { narrowed, searchShared } from './shared-search.ts';

interface Options {
  /** Only the objects that match one of these. */
  readonly within?: readonly Filter[];
  /** Filters that were found out not to be fit for a shared search. */
  readonly apart?: readonly string[];
}

/**
 * Hands the recipients of some filters to the sink: by one search for all filters that can be told apart here, and one for each of
 * the others.
 *
 * @returns the filters that got a search of their own
 * @throws DirectoryError
 */
export async function searchGroups(
  attempt: Attempt,
  groups: readonly FilterGroup[],
  { within, apart = [] }: Options = {},
): Promise<OwnSearch[]> {
  const { schema, server } = attempt;
  const { shared, own } = planSearches(groups, schema, server, apart);
  if (shared.length === 1) await searchOne(attempt, shared[0], within);
  for (const { group } of own) await searchOne(attempt, group, within);
  if (schema === undefined || shared.length < 2) return [...own];
  const givenUp = await searchShared(attempt, shared, schema, server, within);
  // These are void as a whole, also where only a few objects were asked for.
  for (const { group } of givenUp) await searchOne(attempt, group, undefined);
  return [...own, ...givenUp];
}

/** A search whose every entry belongs to the filter's selections, because the server says so. */
async function searchOne(
  attempt: Attempt,
  group: FilterGroup,
  within: readonly Filter[] | undefined,
): Promise<void> {
  const search = new RecipientSearch(attempt, group.selections);
  await search.run(narrowed(group.filter, within), (_, write) => {
    for (const number of group.selections) write(number);
  });
}
