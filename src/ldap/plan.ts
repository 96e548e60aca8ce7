import { AttributeSlots } from './attribute-slots.ts';
import { compileFilter, Unjudged } from './evaluate.ts';
import { type Filter, parseFilter } from './filter.ts';
import { encodeFilter } from './filter-ber.ts';
import type { ServerKind } from './matching-rules.ts';
import type { Schema } from './schema.ts';
import type { Selection } from './types.ts';

/** A filter, and the selections that have it. */
export interface FilterGroup {
  /** As the first of its selections has it. */
  readonly text: string;
  readonly filter: Filter;
  readonly encoded: Buffer;
  /** Their numbers. */
  readonly selections: readonly number[];
}

/** Why a filter gets a search of its own. */
export interface OwnSearch {
  readonly group: FilterGroup;
  readonly reason: string;
}

/** Which filters share a search. */
export interface Plan {
  /** Asked for as one filter, and told apart here. One alone needs no telling apart. */
  readonly shared: readonly FilterGroup[];
  readonly own: readonly OwnSearch[];
}

/** @throws FilterError */
export function groupFilters(selections: readonly Selection[]): FilterGroup[] {
  const groups = new Map<string, { text: string; filter: Filter; encoded: Buffer; selections: number[] }>();
  for (const [number, { filter: text }] of selections.entries()) {
    const filter = parseFilter(text);
    const encoded = encodeFilter(filter);
    const same = groups.get(encoded.toString('latin1'));
    if (same === undefined)
      groups.set(encoded.toString('latin1'), { text, filter, encoded, selections: [number] });
    else same.selections.push(number);
  }
  return [...groups.values()];
}

/** @param apart filters that were found out not to be fit for a shared search */
export function planSearches(
  groups: readonly FilterGroup[],
  schema: Schema | undefined,
  server: ServerKind,
  apart: readonly string[] = [],
): Plan {
  const shared: FilterGroup[] = [];
  const own: OwnSearch[] = [];
  for (const group of groups) {
    const reason = groups.length === 1 ? undefined : whyOwn(group, schema, server, apart);
    if (reason === undefined) shared.push(group);
    else own.push({ group, reason });
  }
  return { shared, own };
}

function whyOwn(
  group: FilterGroup,
  schema: Schema | undefined,
  server: ServerKind,
  apart: readonly string[],
): string | undefined {
  if (apart.includes(group.text)) return 'it was found out not to be fit for a shared search';
  if (schema === undefined) return "the account can't read the server's schema";
  const evaluator = compileFilter(group.filter, { server, schema, slots: new AttributeSlots(schema) });
  return evaluator instanceof Unjudged ? evaluator.reason : undefined;
}
