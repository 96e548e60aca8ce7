export const directoryTypes = ['ad', 'openldap', 'x500'] as const;

export type DirectoryType = (typeof directoryTypes)[number];

/** What a directory's keys stand for where the configuration doesn't have them. */
export interface DirectoryDefaults {
  /** Those that a server doesn't know are passed over: nobody has misspelt them. */
  readonly addressAttributes: readonly string[];
  readonly pageSize: number;
}

/**
 * Ready settings by the directory's `type`. Active Directory cuts pages to its own limit, and OpenLDAP refuses what is beyond one;
 * servers of X.500's time suffer from large answers.
 */
export const directoryDefaults: Readonly<Record<DirectoryType, DirectoryDefaults>> = {
  ad: { addressAttributes: ['proxyAddresses'], pageSize: 20_000 },
  openldap: { addressAttributes: ['mail', 'mailLocalAddress', 'mailAlternateAddress'], pageSize: 20_000 },
  x500: { addressAttributes: ['mail', 'mailAlternateAddress'], pageSize: 100 },
};
