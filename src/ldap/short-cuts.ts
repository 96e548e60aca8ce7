import type { Filter } from './filter.ts';
import { boundedInteger } from './integer-match.ts';
import { comparison, type ServerKind } from './matching-rules.ts';
import type { Schema } from './schema.ts';

/** Of fewer tests, one more spares too few. */
const WORTH_A_SHORT_CUT = 3;

/**
 * A filter that comes to the same with fewer tests for most objects. Where a single integer must be none of several numbers, a server
 * compares it with each of them, for every object that is not one of the few that are meant: that it is less than all of them is
 * asked first.
 */
export function withShortCuts(filter: Filter, schema: Schema, server: ServerKind): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, filters: filter.filters.map((inner) => withShortCuts(inner, schema, server)) };
    case 'not': {
      const shortCut = lessThanAll(filter.filter, schema, server);
      return shortCut === undefined ? filter : { kind: 'or', filters: [shortCut, filter] };
    }
    default:
      return filter;
  }
}

/** That an attribute's only value is less than all that the filter looks for, if it looks for nothing else. */
function lessThanAll(filter: Filter, schema: Schema, server: ServerKind): Filter | undefined {
  if (filter.kind !== 'or' || filter.filters.length < WORTH_A_SHORT_CUT) return undefined;
  const [first] = filter.filters;
  if (first.kind !== 'equal') return undefined;
  const { attribute } = first;
  const type = schema.attribute(attribute);
  if (type === undefined || !type.isSingleValued || schema.hasSubtypes(type)) return undefined;
  const rule = comparison(attribute, type, 'ordering', server);
  if (rule.kind !== 'integer') return undefined;
  let least: bigint | undefined;
  for (const other of filter.filters) {
    if (other.kind !== 'equal' || other.attribute.toLowerCase() !== attribute.toLowerCase()) return undefined;
    const value = boundedInteger(other.value, 0, other.value.length, rule.bits);
    if (value === undefined) return undefined;
    if (least === undefined || value < least) least = value;
  }
  if (least === undefined) return undefined;
  const value = Buffer.from(String(least - 1n));
  if (boundedInteger(value, 0, value.length, rule.bits) === undefined) return undefined;
  return { kind: 'lessOrEqual', attribute, value };
}
