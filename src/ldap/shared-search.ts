import type { EntryColumns } from './entry-columns.ts';
import { searchObjects } from './entry-object.ts';
import { compileFilter, type Evaluator, Unjudged } from './evaluate.ts';
import type { Filter } from './filter.ts';
import { encodeFilter } from './filter-ber.ts';
import type { ServerKind } from './matching-rules.ts';
import type { FilterGroup, OwnSearch } from './plan.ts';
import { type Extraction, RecipientSearch, recipientParameters } from './recipient-search.ts';
import type { Schema } from './schema.ts';
import { TRUE } from './truth.ts';

const SIZE_LIMIT_EXCEEDED = 4;

interface Judged {
  readonly group: FilterGroup;
  readonly evaluator: Evaluator;
  /** Why it has to be asked after all. */
  doubt: string | undefined;
}

/**
 * One search for the union of several filters, which are told apart here entry by entry. A filter whose outcome isn't certain for
 * some entry starts over: its selections are void and it is returned, to be asked by itself.
 *
 * @throws DirectoryError
 */
export async function searchShared(
  extraction: Extraction,
  groups: readonly FilterGroup[],
  schema: Schema,
  server: ServerKind,
): Promise<OwnSearch[]> {
  const search = new RecipientSearch(
    extraction,
    groups.flatMap((group) => group.selections),
  );
  const judged = groups.map((group): Judged => {
    const evaluator = compileFilter(group.filter, { server, schema, slots: search.slots });
    if (evaluator instanceof Unjudged) throw new Error(`not a filter to share: ${evaluator.reason}`);
    return { group, evaluator, doubt: undefined };
  });
  const doubt = (filter: Judged, reason: string) => {
    filter.doubt = reason;
    for (const number of filter.group.selections) extraction.sink.restart(number);
  };

  const unseen = new UnseenSlots(
    groups.flatMap((group) => attributesIn(group.filter, false)).map(({ name }) => search.slots.find(name)),
  );
  const before = extraction.entries;
  const union: Filter = { kind: 'or', filters: groups.map((group) => group.filter) };
  await search.run(encodeFilter(union), (entry, write) => {
    unseen.see(entry);
    route(entry, write, judged, doubt);
  });
  if (extraction.entries > before) {
    for (const slot of unseen.slots()) {
      const uses = judged.flatMap((filter) => {
        const found = attributesIn(filter.group.filter, false).filter(
          ({ name }) => search.slots.find(name) === slot,
        );
        return found.length === 0 ? [] : [{ filter, isNegated: found.some(({ isNegated }) => isNegated) }];
      });
      const name = search.slots.names[slot];
      const isHidden = await hasAnswer(extraction, {
        kind: 'and',
        filters: [union, { kind: 'present', attribute: name }],
      });
      const isAbsent =
        !isHidden &&
        uses.some(({ isNegated }) => isNegated) &&
        (await hasAnswer(extraction, {
          kind: 'and',
          filters: [union, { kind: 'not', filter: { kind: 'present', attribute: name } }],
        }));
      for (const { filter, isNegated } of uses) {
        if (isHidden || (isNegated && !isAbsent)) doubt(filter, `the account can't read ${name}`);
      }
    }
  }
  return judged.flatMap(({ group, doubt: reason }) => (reason === undefined ? [] : [{ group, reason }]));
}

function route(
  entry: EntryColumns,
  write: (selection: number) => void,
  judged: readonly Judged[],
  doubt: (filter: Judged, reason: string) => void,
): void {
  let isExplained = false;
  for (const filter of judged) {
    if (filter.doubt !== undefined) {
      isExplained = true;
      continue;
    }
    const truth = filter.evaluator(entry);
    if (truth === TRUE) {
      isExplained = true;
      for (const number of filter.group.selections) write(number);
    } else if ((truth & TRUE) !== 0) {
      isExplained = true;
      doubt(filter, `only the server can tell whether it matches ${entry.dn()}`);
    }
  }
  if (isExplained) return;
  for (const filter of judged)
    doubt(filter, `no filter seems to match ${entry.dn()}, which the server found`);
}

/** Whether any entry answers to the filter: asked without attributes. */
async function hasAnswer(extraction: Extraction, filter: Filter): Promise<boolean> {
  const { pageSize: _, ...parameters } = recipientParameters(extraction, encodeFilter(filter), ['1.1']);
  const entries = await searchObjects(extraction.session, {
    ...parameters,
    sizeLimit: 1,
    tolerated: [SIZE_LIMIT_EXCEEDED],
  });
  return entries.length > 0;
}

/** The attributes that a filter looks at, and whether a NOT is above them. */
function attributesIn(filter: Filter, isNegated: boolean): { name: string; isNegated: boolean }[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap((inner) => attributesIn(inner, isNegated));
    case 'not':
      return attributesIn(filter.filter, true);
    default:
      return filter.attribute === undefined ? [] : [{ name: filter.attribute, isNegated }];
  }
}

/** Attributes of which no entry has shown a value yet. */
class UnseenSlots {
  #slots: number[];

  constructor(slots: readonly (number | undefined)[]) {
    this.#slots = [...new Set(slots)].filter((slot) => slot !== undefined);
  }

  see(entry: EntryColumns): void {
    for (let i = this.#slots.length - 1; i >= 0; i--) if (entry.has(this.#slots[i])) this.#slots.splice(i, 1);
  }

  slots(): readonly number[] {
    return this.#slots;
  }
}
