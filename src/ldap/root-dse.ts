import { decodeEntryObject, type EntryObject, searchObjects, textValues } from './entry-object.ts';
import { DirectoryError, type Server } from './error.ts';
import { parseFilter } from './filter.ts';
import { encodeFilter } from './filter-ber.ts';
import type { ServerKind } from './matching-rules.ts';
import { completeRanges } from './ranges.ts';
import { Schema } from './schema.ts';
import type { SearchParameters } from './search-request.ts';
import type { Session } from './session.ts';
import type { DirectorySettings } from './types.ts';

const NO_SUCH_OBJECT = 32;
const INSUFFICIENT_ACCESS_RIGHTS = 50;
const PAGED_RESULTS = '1.2.840.113556.1.4.319';
/** Every Active Directory server names it among its capabilities, Samba too. */
const ACTIVE_DIRECTORY = '1.2.840.113556.1.4.800';

export const ANYTHING = encodeFilter(parseFilter('(objectClass=*)'));

/** What a server says of itself. */
export interface RootDse {
  readonly kind: ServerKind;
  readonly vendor: string | undefined;
  readonly supportedControls: readonly string[];
  readonly subschemaSubentry: string | undefined;
  readonly namingContexts: readonly string[];
  readonly schemaNamingContext: string | undefined;
  /** Which server of a domain it is, where it says so. */
  readonly service: string | undefined;
  /** Active Directory's: what is the same in the whole forest. */
  readonly configurationNamingContext: string | undefined;
  /** Active Directory's: the domain. */
  readonly defaultNamingContext: string | undefined;
}

/**
 * @throws DirectoryError, also when the server can't answer in pages: a whole answer in one piece would be cut off by any limit
 */
export async function readRootDse(session: Session, timeLimit: number): Promise<RootDse> {
  const attributes = [
    'objectClass',
    'supportedControl',
    'supportedCapabilities',
    'subschemaSubentry',
    'configurationNamingContext',
    'defaultNamingContext',
    'namingContexts',
    'schemaNamingContext',
    'dsServiceName',
    'vendorName',
    'vendorVersion',
  ];
  const [entry] = await searchObjects(session, {
    base: '',
    scope: 'base',
    filter: ANYTHING,
    timeLimit,
    attributes,
  });
  const supportedControls = textValues(entry, 'supportedControl');
  if (!supportedControls.includes(PAGED_RESULTS)) {
    throw new DirectoryError(
      session.server,
      'configuration',
      entry === undefined
        ? 'the account of bind_dn can not read the root DSE: nothing tells whether the server answers in pages'
        : `the server does not offer paged results (${PAGED_RESULTS}): a whole answer can't be had safely`,
    );
  }
  return {
    kind: kindOf(entry),
    vendor:
      [...textValues(entry, 'vendorName'), ...textValues(entry, 'vendorVersion')].join(' ') || undefined,
    supportedControls,
    subschemaSubentry: textValues(entry, 'subschemaSubentry')[0],
    namingContexts: textValues(entry, 'namingContexts'),
    schemaNamingContext: textValues(entry, 'schemaNamingContext')[0],
    service: textValues(entry, 'dsServiceName')[0],
    configurationNamingContext: textValues(entry, 'configurationNamingContext')[0],
    defaultNamingContext: textValues(entry, 'defaultNamingContext')[0],
  };
}

/**
 * The settings with the base that they mean on this server.
 *
 * @throws DirectoryError
 */
export function withBase(settings: DirectorySettings, root: RootDse, server: Server): DirectorySettings {
  if (settings.context === undefined) return settings;
  const base = root.configurationNamingContext;
  if (base !== undefined) return { ...settings, base };
  throw new DirectoryError(
    server,
    'configuration',
    'the server names no configuration naming context: only Active Directory has accepted domains',
  );
}

/** @returns undefined where the account may not read the schema */
export async function readSchema(
  session: Session,
  root: RootDse,
  timeLimit: number,
): Promise<Schema | undefined> {
  if (root.subschemaSubentry === undefined) return undefined;
  const parameters: SearchParameters = {
    base: root.subschemaSubentry,
    scope: 'base',
    filter: ANYTHING,
    timeLimit,
    attributes: ['attributeTypes', 'objectClasses'],
    tolerated: [NO_SUCH_OBJECT, INSUFFICIENT_ACCESS_RIGHTS],
  };
  const [answer] = await searchObjects(session, parameters);
  if (answer === undefined) return undefined;
  const whole = await completeRanges(session, parameters, answer);
  const entry = decodeEntryObject(whole, 0, whole.length);
  const attributeTypes = textValues(entry, 'attributeTypes');
  return attributeTypes.length === 0
    ? undefined
    : new Schema(attributeTypes, textValues(entry, 'objectClasses'));
}

function kindOf(entry: EntryObject | undefined): ServerKind {
  if (textValues(entry, 'supportedCapabilities').includes(ACTIVE_DIRECTORY)) return 'activeDirectory';
  return textValues(entry, 'objectClass').includes('OpenLDAProotDSE') ? 'openldap' : 'other';
}
