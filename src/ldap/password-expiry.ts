import { searchObjects, textValues } from './entry-object.ts';
import type { Filter } from './filter.ts';
import { encodeFilter } from './filter-ber.ts';
import { timeLimitOf } from './recipient-search.ts';
import { ANYTHING, type RootDse } from './root-dse.ts';
import type { SearchParameters } from './search-request.ts';
import type { Session } from './session.ts';
import type { DirectorySettings } from './types.ts';
import type { Visit } from './visit.ts';

/** Constructed by a domain controller from the account, its policy and the domain: in units of 100 ns since 1601. */
const EXPIRY_TIME = 'msDS-UserPasswordExpiryTimeComputed';
const NEVER = 0x7fff_ffff_ffff_ffffn;
/** Milliseconds from 1601 to 1970. */
const EPOCH = 11_644_473_600_000n;

/**
 * What a domain controller may answer instead: operationsError, sizeLimitExceeded, referral, noSuchAttribute, noSuchObject,
 * invalidDNSyntax, insufficientAccessRights, unwillingToPerform. No extraction fails for want of a warning.
 */
const TOLERATED = [1, 4, 10, 16, 32, 34, 50, 53];

/**
 * Asks Active Directory when the password of the account that is bound ends, and notes it in the visit: one request. Other servers
 * say it with their answer to the bind, or not at all, and are not asked.
 *
 * @throws DirectoryError when the connection is lost
 */
export async function askPasswordExpiry(
  session: Session,
  visit: Visit,
  settings: DirectorySettings,
  root: RootDse,
): Promise<void> {
  const { bindDn } = settings;
  if (root.kind !== 'activeDirectory' || bindDn === undefined) return;
  const account = accountSearch(bindDn, root.defaultNamingContext);
  if (account === undefined) return;
  const found = await searchObjects(session, {
    ...account,
    attributes: [EXPIRY_TIME],
    timeLimit: timeLimitOf(settings),
    sizeLimit: 2,
    tolerated: TOLERATED,
  });
  const [text] = found.length === 1 ? textValues(found[0], EXPIRY_TIME) : [];
  if (text === undefined || !/^[1-9]\d{0,18}$/.test(text) || BigInt(text) >= NEVER) return;
  visit.passwordExpires = new Date(Number(BigInt(text) / 10_000n - EPOCH));
}

/** Active Directory lets an account bind by its DN, as `name@domain` and as `DOMAIN\name`. */
function accountSearch(
  bindDn: string,
  domain: string | undefined,
): Pick<SearchParameters, 'base' | 'scope' | 'filter'> | undefined {
  const [, name, at] = /^(?:[^\\=]*\\)?([^\\@=]+)(@[^\\@=]+)?$/.exec(bindDn) ?? [];
  if (name === undefined) return { base: bindDn, scope: 'base', filter: ANYTHING };
  if (domain === undefined) return undefined;
  const equals = (attribute: string, value: string): Filter => ({
    kind: 'equal',
    attribute,
    value: Buffer.from(value),
  });
  const byName = equals('sAMAccountName', name);
  const filter: Filter =
    at === undefined ? byName : { kind: 'or', filters: [equals('userPrincipalName', bindDn), byName] };
  return { base: domain, scope: 'sub', filter: encodeFilter(filter) };
}
