import type { EntryColumns } from './entry-columns.ts';
import { compileFilter, type Evaluator, Unjudged } from './evaluate.ts';
import type { Filter } from './filter.ts';
import { encodeFilter } from './filter-ber.ts';
import type { ServerKind } from './matching-rules.ts';
import type { FilterGroup, OwnSearch } from './plan.ts';
import { printableDn } from './printable.ts';
import { type AttributeUse, attributeUses, sightOf } from './readability.ts';
import { type Attempt, RecipientSearch } from './recipient-search.ts';
import type { Schema } from './schema.ts';
import { withShortCuts } from './short-cuts.ts';
import { TRUE } from './truth.ts';
import { unionFilter } from './union-filter.ts';

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
  await search.run(narrowed(union, within), (entry, write) => {
    unseen.see(entry);
    route(entry, judged, write);
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

class JudgedFilter {
  readonly group: FilterGroup;
  readonly evaluator: Evaluator;
  readonly uses: readonly AttributeUse[];
  /** Why it has to be asked by itself. */
  doubt: string | undefined;
  readonly #attempt: Attempt;

  constructor(attempt: Attempt, group: FilterGroup, evaluator: Evaluator) {
    this.#attempt = attempt;
    this.group = group;
    this.evaluator = evaluator;
    this.uses = attributeUses(group.filter);
  }

  giveUp(reason: string): void {
    if (this.doubt !== undefined) return;
    this.doubt = reason;
    for (const number of this.group.selections) this.#attempt.sink.restart(number);
  }
}

/** Gives the entry to the selections whose filters it matches. */
function route(entry: EntryColumns, judged: readonly JudgedFilter[], write: (number: number) => void): void {
  let isExplained = false;
  for (const filter of judged) {
    // A filter that was given up may be the one.
    const truth = filter.doubt === undefined ? filter.evaluator(entry) : TRUE;
    if ((truth & TRUE) === 0) continue;
    isExplained = true;
    if (filter.doubt !== undefined) continue;
    if (truth !== TRUE) filter.giveUp(`only the server can tell whether it matches ${nameOf(entry)}`);
    else for (const number of filter.group.selections) write(number);
  }
  if (isExplained) return;
  for (const filter of judged) {
    filter.giveUp(`the server found ${nameOf(entry)}, which does not seem to match any of the filters`);
  }
}

function nameOf({ bytes, dnStart, dnEnd }: EntryColumns): string {
  return printableDn(bytes, dnStart, dnEnd);
}

/** Attributes of which no entry has shown a value yet. */
class UnseenSlots {
  readonly slots: number[];

  constructor(slots: readonly (number | undefined)[]) {
    this.slots = [...new Set(slots)].filter((slot) => slot !== undefined);
  }

  see(entry: EntryColumns): void {
    for (let i = this.slots.length - 1; i >= 0; i--) if (entry.has(this.slots[i])) this.slots.splice(i, 1);
  }
}
