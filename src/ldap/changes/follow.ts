import { searchObjects, textValues } from '../entry-object.ts';
import type { Filter } from '../filter.ts';
import { encodeFilter } from '../filter-ber.ts';
import type { FilterGroup } from '../plan.ts';
import { attributeUses } from '../readability.ts';
import { type Attempt, recipientParameters } from '../recipient-search.ts';
import type { RootDse } from '../root-dse.ts';
import { attributesOf, usesAddresses } from '../template.ts';
import type { DeltaKind, DirectorySettings, Selection } from '../types.ts';
import { unionFilter } from '../union-filter.ts';
import type { Restart } from './cursor.ts';

const SIZE_LIMIT_EXCEEDED = 4;
const NO_SUCH_OBJECT = 32;
const INSUFFICIENT_ACCESS_RIGHTS = 50;

/** Bits of systemFlags (MS-ADTS, 2.2.10): every server has its own value, or works it out when asked. */
const NOT_REPLICATED = 0x1;
const CONSTRUCTED = 0x4;

/** Attributes that depend on other objects or on the time, by the names that they have on all kinds of servers. */
const DEPENDENT = new Set([
  'memberof',
  'ismemberof',
  'directreports',
  'managedobjects',
  'hassubordinates',
  'numsubordinates',
  'subschemasubentry',
  'collectiveattributesubentries',
]);
/** Those of extensible matches that look at nothing but the values. */
const PLAIN_RULE = /^(1\.2\.840\.113556\.1\.4\.80[34]|2\.5\.13\.\d+|[a-z]*match)$/i;

/** Attributes by which the recipients of selections are found and written. */
export function neededAttributes(
  settings: DirectorySettings,
  groups: readonly FilterGroup[],
  selections: readonly Selection[],
): string[] {
  const names = groups.flatMap((group) => [
    ...attributeUses(group.filter).map((use) => use.name),
    ...templateAttributes(settings, group, selections),
  ]);
  return [...new Map(names.map((name) => [name.replace(/;.*/, '').toLowerCase(), name])).keys()];
}

/**
 * Which filters can't be brought up to date by reading the objects that a server says have changed, because what they find depends
 * on more than these objects, or on what the account does not see.
 *
 * @throws DirectoryError
 */
export async function findRestarts(
  attempt: Attempt,
  groups: readonly FilterGroup[],
  root: RootDse,
  kind: DeltaKind,
): Promise<Restart[]> {
  const { settings, selections } = attempt;
  const dependent = new Set(DEPENDENT);
  const names = neededAttributes(settings, groups, selections);
  for (const name of await dependentAttributes(attempt, names, root)) dependent.add(name);
  const union = unionFilter(groups.map((group) => group.filter));
  const filtered = new Set(
    groups.flatMap(({ filter }) => attributeUses(filter).map((use) => use.name.toLowerCase())),
  );
  const hidden = new Set<string>();
  // Others tell of a change whatever it was in.
  if (kind === 'dirsync') {
    for (const name of filtered) if (await isHidden(attempt, union, name)) hidden.add(name);
  }

  const restarts: Restart[] = [];
  for (const group of groups) {
    const uses = attributeUses(group.filter).map((use) => use.name.toLowerCase());
    const written = templateAttributes(settings, group, selections).map((name) => name.toLowerCase());
    const found = [...uses, ...written].find((name) => dependent.has(name));
    const unseen = uses.find((name) => hidden.has(name));
    const rule = judgedByOthers(group.filter);
    const reason =
      (rule && `${rule} looks at more than the object's own attributes`) ??
      (found && `${found} changes without a change of the object`) ??
      (unseen && `the account can't read ${unseen}`);
    if (reason !== undefined) restarts.push({ filter: group.text, reason });
  }
  return restarts;
}

function templateAttributes(
  settings: DirectorySettings,
  group: FilterGroup,
  selections: readonly Selection[],
): string[] {
  return group.selections.flatMap((number) => {
    const { key, value } = selections[number];
    const names = attributesOf(key, value);
    return usesAddresses(key) || usesAddresses(value) ? [...names, ...settings.addressAttributes] : names;
  });
}

/** Of Active Directory, back-links and what is constructed or not replicated, in lower case. */
async function dependentAttributes(
  { session, settings }: Attempt,
  names: readonly string[],
  { schemaNamingContext }: RootDse,
): Promise<string[]> {
  if (schemaNamingContext === undefined || names.length === 0) return [];
  const filter: Filter = {
    kind: 'or',
    filters: names.map((name) => ({ kind: 'equal', attribute: 'lDAPDisplayName', value: Buffer.from(name) })),
  };
  const attributes = ['lDAPDisplayName', 'linkID', 'systemFlags'];
  const { pageSize: _, ...parameters } = recipientParameters({ settings }, encodeFilter(filter), attributes);
  const found = await searchObjects(session, {
    ...parameters,
    base: schemaNamingContext,
    tolerated: [NO_SUCH_OBJECT, INSUFFICIENT_ACCESS_RIGHTS],
  });
  const dependent = found.filter((attribute) => {
    const isBackLink = Number(textValues(attribute, 'linkID')[0] ?? 0) % 2 === 1;
    const flags = Number(textValues(attribute, 'systemFlags')[0] ?? 0);
    return isBackLink || (flags & (NOT_REPLICATED | CONSTRUCTED)) !== 0;
  });
  return dependent.flatMap((attribute) =>
    textValues(attribute, 'lDAPDisplayName').map((name) => name.toLowerCase()),
  );
}

/** Whether the account may search for the attribute and not read it: then it hears of no change of it. */
async function isHidden(attempt: Attempt, filter: Filter, attribute: string): Promise<boolean> {
  const present: Filter = { kind: 'and', filters: [filter, { kind: 'present', attribute }] };
  const { pageSize: _, ...parameters } = recipientParameters(attempt, encodeFilter(present), [attribute]);
  const [found] = await searchObjects(attempt.session, {
    ...parameters,
    sizeLimit: 1,
    tolerated: [SIZE_LIMIT_EXCEEDED],
  });
  return found !== undefined && found.attributes.size === 0;
}

/** A matching rule that follows links, or whatever else a server makes of a filter. */
function judgedByOthers(filter: Filter): string | undefined {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.map(judgedByOthers).find((rule) => rule !== undefined);
    case 'not':
      return judgedByOthers(filter.filter);
    case 'extensible':
      if (filter.attribute === undefined) return 'an extensible match of any attribute';
      return filter.rule === undefined || PLAIN_RULE.test(filter.rule) ? undefined : filter.rule;
    default:
      return filter.attribute.toLowerCase() === 'anr' ? 'ambiguous name resolution' : undefined;
  }
}
