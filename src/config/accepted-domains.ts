import type { DirectoryConfig, DirectorySourceConfig } from './config.ts';
import type { Template } from './template.ts';

/** What Exchange does with mail for a domain that it accepts, and by which of two bits of its flags. */
const bitOfKind = { authoritative: undefined, external_relay: 1, internal_relay: 2 } as const;

export type AcceptedDomainKind = keyof typeof bitOfKind;

export const acceptedDomainKinds = ['authoritative', 'internal_relay', 'external_relay'] as const;

export interface AcceptedDomainsSource {
  readonly directory: string;
  /** At least one. */
  readonly kinds: readonly AcceptedDomainKind[];
  readonly value: Template;
  readonly optional: boolean;
}

/**
 * A source for the domains that the directory's Exchange accepts. They are in the configuration of the whole forest, apart from
 * its recipients, so that {@link acceptedDomainsOf} is another directory on the same servers.
 */
export function acceptedDomainsSource(source: AcceptedDomainsSource): DirectorySourceConfig {
  const { directory, kinds, value, optional } = source;
  return {
    kind: 'directory',
    directory: acceptedDomainsName(directory),
    filter: `(&(objectClass=msExchAcceptedDomain)${filterOf(kinds)})`,
    key: [{ name: 'msExchAcceptedDomainName' }],
    keys: 'domains',
    value,
    domains: undefined,
    optional,
  };
}

/** The directory whose base is the forest's configuration. It is a dozen of objects: they are read whole, at any hour. */
export function acceptedDomainsOf(directory: DirectoryConfig): DirectoryConfig {
  return {
    ...directory,
    name: acceptedDomainsName(directory.name),
    base: '',
    context: 'configuration',
    delta: 'none',
    noFullBetween: undefined,
    // It is said of the directory itself.
    warnBefore: 0,
  };
}

/** No name that a configuration could have. */
function acceptedDomainsName(directory: string): string {
  return `${directory} (accepted domains)`;
}

function filterOf(kinds: readonly AcceptedDomainKind[]): string {
  if (kinds.length === acceptedDomainKinds.length) return '';
  return `(|${kinds.map(filterOfKind).join('')})`;
}

/** By the bit rules of Active Directory: other flags are in the same attribute. */
function filterOfKind(kind: AcceptedDomainKind): string {
  const flags = 'msExchAcceptedDomainFlags';
  const bit = bitOfKind[kind];
  return bit === undefined
    ? `(!(${flags}:1.2.840.113556.1.4.804:=3))`
    : `(${flags}:1.2.840.113556.1.4.803:=${bit})`;
}
