/** The object of a directory that an entry came from. */
export interface Origin {
  /** The directory's name in the configuration. */
  readonly directory: string;
  /** objectGUID or entryUUID, as the server's own tools write it; empty where it has neither. */
  readonly guid: string;
  readonly dn: string;
}

/** Who gave an entry last, and what became of it. */
export interface Departure extends Origin {
  /** `changed`: it is there, but gives the key no more; `unknown`: a full extraction just did not bring it. */
  readonly what: 'deleted' | 'changed' | 'unknown';
  /** Milliseconds of Unix time. */
  readonly seenAt: number;
}

/** What is known of the objects behind a table's entries. */
export interface Provenance {
  /** The object that gives this key to this table now. */
  origin(table: string, key: Uint8Array): Origin | undefined;
  /** The object that gave this key to this table last, and gives it no more. */
  departure(table: string, key: Uint8Array): Departure | undefined;
}

/** Knows of no object: for tables that no directory feeds. */
export const NO_PROVENANCE: Provenance = {
  origin: () => undefined,
  departure: () => undefined,
};
