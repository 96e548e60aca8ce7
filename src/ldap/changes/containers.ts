import { type EntryObject, searchObjects, textValues } from '../entry-object.ts';
import type { Filter } from '../filter.ts';
import { encodeFilter } from '../filter-ber.ts';
import { printableDn } from '../printable.ts';
import type { SearchParameters } from '../search-request.ts';
import type { Session } from '../session.ts';
import { idFilters } from './ids.ts';
import type { Notice } from './mechanism.ts';

const SIZE_LIMIT_EXCEEDED = 4;
const NO_SUCH_OBJECT = 32;
/** More than these to look below, and a full search is as cheap. */
const MAX_LOOKS = 8;

/** By which `hasObjectsBelow` judges. */
export const CONTAINER_ATTRIBUTES = ['objectClass', 'hasSubordinates', 'msDS-Approx-Immed-Subordinates'];

/** Classes that have objects below them, for servers that say of no object whether it has. */
const CONTAINERS = new Set([
  'organizationalunit',
  'organization',
  'container',
  'builtindomain',
  'domain',
  'dcobject',
  'locality',
  'country',
]);

/** Whether there are objects below this one, as far as it says so itself. */
export function hasObjectsBelow(entry: EntryObject): boolean {
  const [answer] = textValues(entry, 'hasSubordinates');
  if (answer !== undefined) return answer.toUpperCase() === 'TRUE';
  const [count] = textValues(entry, 'msDS-Approx-Immed-Subordinates');
  if (count !== undefined && count !== '0') return true;
  return textValues(entry, 'objectClass').some((name) => CONTAINERS.has(name.toLowerCase()));
}

/** What has to be known to look below objects. */
interface Place {
  readonly session: Session;
  /** Below which everything lies. */
  readonly top: string;
  readonly idAttribute: string;
  /** Finds every recipient. */
  readonly recipients: Filter;
  /** Seconds. */
  readonly timeLimit: number;
  readonly pageSize: number;
}

/**
 * Whether other recipients may have got another name because something above them has: their servers give no notice of that.
 *
 * @param candidates objects whose names may have changed
 * @returns why a full search is needed, or undefined
 * @throws DirectoryError
 */
export async function movedContainer(
  place: Place,
  candidates: readonly Notice[],
): Promise<string | undefined> {
  const { session, top, idAttribute, timeLimit, pageSize } = place;
  const containers: EntryObject[] = [];
  for (const filter of idFilters(idAttribute, candidates)) {
    const found = await searchObjects(session, {
      base: top,
      scope: 'sub',
      filter: encodeFilter(filter),
      attributes: CONTAINER_ATTRIBUTES,
      timeLimit,
      pageSize,
    });
    containers.push(...found.filter(hasObjectsBelow));
  }
  if (containers.length > MAX_LOOKS) return `${containers.length} containers may have been moved or renamed`;
  for (const container of containers) {
    if (await hasRecipientsBelow(place, container)) {
      const name = printableDn(container.dn);
      return `${name}, which has recipients below it, was changed, and may have been moved or renamed`;
    }
  }
  return undefined;
}

async function hasRecipientsBelow(
  { session, recipients, timeLimit }: Place,
  container: EntryObject,
): Promise<boolean> {
  const parameters: SearchParameters = {
    base: container.dn.toString('utf8'),
    scope: 'sub',
    filter: encodeFilter(recipients),
    attributes: ['1.1'],
    timeLimit,
    sizeLimit: 2,
    tolerated: [SIZE_LIMIT_EXCEEDED, NO_SUCH_OBJECT],
  };
  const found = await searchObjects(session, parameters);
  return found.some(({ dn }) => !dn.equals(container.dn));
}
