import { compileFilter, Unjudged } from './evaluate.ts';
import type { Filter } from './filter.ts';
import { encodeFilter } from './filter-ber.ts';
import { JudgedFilter } from './judged-filter.ts';
import type { ServerKind } from './matching-rules.ts';
import type { FilterGroup, OwnSearch } from './plan.ts';
import { type AttributeUse, sightOf } from './readability.ts';
import { type Attempt, RecipientSearch } from './recipient-search.ts';
import { Router } from './router.ts';
import type { Schema } from './schema.ts';
import { withShortCuts } from './short-cuts.ts';
import { unionFilter } from './union-filter.ts';
import { UnseenSlots } from './unseen-slots.ts';

/**
 * One search for the union of several filters, which are told apart here entry by entry. A filter whose outcome isn't certain for
 * some entry is given up: its selections are void, and it is returned, to be asked by itself.
 *
 * @param within only the entries that match one of these
 * @throws DirectoryError
 */
export async function searchShared(
  attempt: Attempt,
  groups: readonly FilterGroup[],
  schema: Schema,
  server: ServerKind,
  within: readonly Filter[] | undefined,
): Promise<OwnSearch[]> {
  const numbers = groups.flatMap((group) => group.selections);
  const search = new RecipientSearch(attempt, numbers);
  const filters = groups.map(({ filter }) => withShortCuts(filter, schema, server));
  const judged = groups.map((group, i) => {
    const evaluator = compileFilter(filters[i], { server, schema, slots: search.slots });
    if (evaluator instanceof Unjudged) throw new Error(`not a filter to share: ${evaluator.reason}`);
    return new JudgedFilter(attempt, group, evaluator);
  });

  const slotOf = (use: AttributeUse) => search.slots.find(use.name);
  const unseen = new UnseenSlots(judged.flatMap(({ uses }) => uses.map(slotOf)));
  const before = attempt.entries;
  const union = unionFilter(filters);
  const router = new Router(judged, unseen, search.slots);
  await search.run(narrowed(union, within), (entry, write) => {
    for (const number of router.selectionsOf(entry)) write(number);
  });

  // An empty answer is one that no reading can change. Of a few entries, none need have a value; and what may be read of the
  // others was found out when all were searched.
  const slots = attempt.entries > before && within === undefined ? unseen.slots : [];
  for (const slot of slots) {
    const usesOf = (filter: JudgedFilter) => filter.uses.filter((use) => slotOf(use) === slot);
    const isNegated = (filter: JudgedFilter) => usesOf(filter).some((use) => use.isNegated);
    const name = search.slots.names[slot];
    const sight = await sightOf(attempt, union, name, judged.some(isNegated));
    if (sight === 'all') continue;
    for (const filter of judged) {
      const isAffected = sight === 'none' ? usesOf(filter).length > 0 : isNegated(filter);
      if (isAffected) filter.giveUp(`the account can't read ${name}`);
    }
  }
  return judged.flatMap(({ group, doubt }) => (doubt === undefined ? [] : [{ group, reason: doubt }]));
}

/** The filter, encoded, or its conjunctions with each of some others. */
export function narrowed(filter: Filter, within: readonly Filter[] | undefined): Buffer[] {
  if (within === undefined) return [encodeFilter(filter)];
  return within.map((other) => encodeFilter({ kind: 'and', filters: [other, filter] }));
}
