import { searchObjects } from './entry-object.ts';
import type { Filter } from './filter.ts';
import { encodeFilter } from './filter-ber.ts';
import { type Attempt, recipientParameters } from './recipient-search.ts';

const SIZE_LIMIT_EXCEEDED = 4;

/** An attribute that a filter looks at. */
export interface AttributeUse {
  readonly name: string;
  /** Whether a NOT is above it. */
  readonly isNegated: boolean;
  /** Whether it only matters that there is a value. */
  readonly isPresence: boolean;
}

export function attributeUses(filter: Filter, isNegated = false): AttributeUse[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap((inner) => attributeUses(inner, isNegated));
    case 'not':
      return attributeUses(filter.filter, true);
    default:
      return filter.attribute === undefined
        ? []
        : [{ name: filter.attribute, isNegated, isPresence: filter.kind === 'present' }];
  }
}

/**
 * What the account sees of an attribute, after none of the entries that `filter` finds has shown a value of it.
 *
 * - `all`: what the server sees; nobody has one
 * - `none`: it may search for the attribute and not read it
 * - `nothing certain`: it may not even know whether the attribute is there; a filter on it is Undefined, and so is its opposite
 *
 * @param isNegated whether the difference between the first and the last matters
 * @throws DirectoryError
 */
export async function sightOf(
  attempt: Attempt,
  filter: Filter,
  attribute: string,
  isNegated: boolean,
): Promise<'all' | 'none' | 'nothing certain'> {
  const present: Filter = { kind: 'present', attribute };
  if (await hasAnswer(attempt, { kind: 'and', filters: [filter, present] })) return 'none';
  const absent: Filter = { kind: 'not', filter: present };
  if (!isNegated || (await hasAnswer(attempt, { kind: 'and', filters: [filter, absent] }))) return 'all';
  return 'nothing certain';
}

/** Whether any entry answers to the filter. */
async function hasAnswer(attempt: Attempt, filter: Filter): Promise<boolean> {
  const { pageSize: _, ...parameters } = recipientParameters(attempt, encodeFilter(filter), ['1.1']);
  const entries = await searchObjects(attempt.session, {
    ...parameters,
    sizeLimit: 1,
    tolerated: [SIZE_LIMIT_EXCEEDED],
  });
  return entries.length > 0;
}
