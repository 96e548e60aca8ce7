/** One directory: where it is and how to talk to it. Times are milliseconds. */
export interface DirectorySettings {
  readonly name: string;
  /** `ldap://` or `ldaps://`, or `srv:` and a domain whose servers stand in the DNS; tried in order. */
  readonly urls: readonly string[];
  readonly base: string;
  /** `configuration`: instead of `base`, the naming context with the forest's configuration, which the server names. */
  readonly context?: 'configuration';
  readonly bindDn: string | undefined;
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
  readonly starttls: boolean;
  /** Without it, a password goes over TLS only. */
  readonly allowPlaintext: boolean;
  readonly pageSize: number;
  /** For the TCP connection, and once more for TLS. */
  readonly connectTimeout: number;
  /** For each answer: a bind, a page of a search. */
  readonly operationTimeout: number;
  /** For everything, attempts that failed and the pauses between them too. */
  readonly extractionTimeout: number;
  /** How long after the first failure the servers are asked again; 0 for once each. */
  readonly retryFor: number;
  /** Undefined for as fast as the server answers. */
  readonly maxEntriesPerSecond: number | undefined;
  /** Where a recipient's SMTP addresses are; the first of them that a recipient has holds the primary one. At least one. */
  readonly addressAttributes: readonly string[];
  /** Whether those are just what such servers usually have: one that this server doesn't know is passed over. */
  readonly areUsualAttributes: boolean;
  /** Names an object for good, whatever becomes of its DN; undefined for what the kind of server has: objectGUID or entryUUID. */
  readonly idAttribute: string | undefined;
  readonly delta: DeltaChoice;
}

/** How changes are asked for; `auto` is the best that the server offers, `none` reads everything every time. */
export type DeltaChoice = 'auto' | 'none' | DeltaKind;

/** DirSync of Active Directory, RFC 4533 content synchronisation, or the time of each object's last modification. */
export type DeltaKind = 'dirsync' | 'syncrepl' | 'timestamp';

/** Text and placeholders in order: `{address}`, `{local_part}`, `{domain}`, `{primary}` or an attribute's name. */
export type Template = readonly (string | { readonly name: string })[];

/** What one table source takes from a directory. */
export interface Selection {
  /** RFC 4515. */
  readonly filter: string;
  readonly key: Template;
  /** `domains`: keys have to be mail domains, or `*.` and one. */
  readonly keys?: 'domains';
  readonly value: Template;
  /** Only addresses in these domains (lower case); undefined takes all. */
  readonly domains: readonly string[] | undefined;
}

/**
 * Receives what the recipients contribute, a batch at a time. What is in a batch is good during the call only: the receiver copies it. All
 * that came is worth something only once `extract` has resolved.
 */
export interface RecipientSink {
  /**
   * An attempt begins: all that came since the extraction started is void. What earlier extractions gave is void too when it is
   * `full`, and stands when it is a `delta`.
   */
  begin(mode: 'full' | 'delta'): void;
  /** Everything known of this selection is void, what earlier extractions gave too: its whole answer follows. */
  restart(selection: number): void;
  /**
   * What this object gave to any selection is void, but in a delta for those restarted in this attempt: what it gives now, if
   * anything, follows.
   *
   * @param id 16 bytes, good during the call only
   */
  changed(id: Uint8Array, why: 'changed' | 'deleted'): void;
  /**
   * Objects whose entries and rejections follow. An object comes once for each selection's search that found it; when the same search
   * finds it twice, because it moved meanwhile, the later counts. They have numbers: as many as came before since `begin`.
   */
  objects(objects: FoundObjects): void;
  entries(selection: number, entries: FoundEntries): void;
  /** @param object its number */
  rejected(selection: number, object: number, rejection: Rejection): void;
}

/** Objects as columns. */
export interface FoundObjects {
  readonly count: number;
  /** 16 bytes each. */
  readonly ids: Uint8Array;
  /** Their DNs, side by side. */
  readonly dns: Uint8Array;
  /** Where each starts and ends among the DNs of all objects since `begin`. */
  readonly dnStart: Uint32Array;
  readonly dnEnd: Uint32Array;
}

/** Entries of one selection as columns. */
export interface FoundEntries {
  readonly count: number;
  /** Their keys and values. */
  readonly pool: Uint8Array;
  /**
   * Where these are among the bytes of all entries of the selection since `begin`, or its `restart`. Several entries may have the same value in
   * one place, which may be that of an entry of an earlier batch.
   */
  readonly keyStart: Uint32Array;
  readonly keyEnd: Uint32Array;
  readonly valueStart: Uint32Array;
  readonly valueEnd: Uint32Array;
  /** The number of each entry's object. */
  readonly object: Uint32Array;
}

/** Where an extraction ended, and the next goes on. Opaque outside of src/ldap. */
export interface Cursor {
  readonly kind: DeltaKind;
  /** What it is good for: a domain, or a single server. A cursor of another scope is of no use. */
  readonly scope: string;
  readonly value: Uint8Array;
}

/**
 * What the 16 bytes of an id are: those of a GUID as Active Directory has it (objectGUID), those of a UUID that came as text (entryUUID, RFC
 * 4530), or a digest of something else where the server has neither.
 */
export type IdForm = 'guid' | 'uuid' | 'digest';

export interface Extraction {
  readonly mode: 'full' | 'delta';
  /** For the next extraction; undefined when this directory offers no changes, or isn't asked for them. */
  readonly cursor: Cursor | undefined;
  /** Why it became a full one although there was a cursor to go on from. */
  readonly fullBecause: string | undefined;
  /** Whether deletions were told of; otherwise they wait for the next full extraction. Also true without a cursor. */
  readonly deletionsSeen: boolean;
  /** Of the objects that were read; undefined where none was. */
  readonly idForm: IdForm | undefined;
  readonly report: DirectoryReport;
}

export interface Rejection {
  readonly dn: string;
  /** What was refused, made printable. */
  readonly value: string;
  readonly reason: string;
}

export interface ExtractOptions {
  /** Whether to ask when the password of the bind ends: one request more, on servers that may know. */
  readonly askPasswordExpiry?: boolean | undefined;
  /** Only what changed since then, where that can still be told; without it, everything. */
  readonly since?: Cursor | undefined;
  /** Whether changes are wanted also where asking for everything would be faster. */
  readonly isPatient?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each page with the objects received so far from this server. */
  readonly progress?: ((entries: number) => void) | undefined;
}

/** What an extraction cost and met. */
export interface DirectoryReport {
  /** The server that gave the whole answer. */
  readonly url: string;
  readonly requests: number;
  /** Objects received, not entries of tables. */
  readonly entries: number;
  /** Received from the server, without TLS. */
  readonly bytes: number;
  readonly milliseconds: number;
  /** Search references, which are not followed. */
  readonly references: number;
  /** Entries in a page at the most, where the server refused pages as large as they were to be; undefined where it did not. */
  readonly pageLimit: number | undefined;
  /** Filters that needed a search of their own, with the reason. */
  readonly ownSearches: readonly { readonly filter: string; readonly reason: string }[];
  /** Servers that were tried before `url` and how they failed. */
  readonly failedServers: readonly FailedServer[];
  /** What each server was asked for, those that failed too. */
  readonly servers: readonly ServerLoad[];
  /** Those of the server that answered; none where nothing was encrypted. */
  readonly certificates: readonly ServerCertificate[];
  /** When the password of the bind ends, where that was asked for or the server said so by itself. */
  readonly passwordExpires: Date | undefined;
  /** In the order of the selections. */
  readonly selections: readonly SelectionReport[];
}

export interface FailedServer {
  readonly url: string;
  readonly message: string;
}

/** What one server was asked for and gave, in all attempts on it. Times are milliseconds. */
export interface ServerLoad {
  readonly url: string;
  readonly attempts: number;
  /** Messages sent: StartTLS, binds, each page of each search. */
  readonly requests: number;
  /** Search entries of every kind, those too that came to nothing. */
  readonly entries: number;
  /** Received in answers to searches, without TLS. */
  readonly bytes: number;
  readonly milliseconds: number;
  /** Until it was connected to and bound to, a part of `milliseconds`. */
  readonly connectMilliseconds: number;
  /** Time in which it was left alone on purpose, a part of `milliseconds`. */
  readonly pausedMilliseconds: number;
  /** How the last attempt failed; undefined when it did not. */
  readonly failure: string | undefined;
}

export interface ServerCertificate {
  readonly subject: string;
  readonly expires: Date;
}

export interface SelectionReport {
  /** Objects that the filter matched. */
  readonly recipients: number;
  /** Addresses left out because their domain is not among `domains`. */
  readonly otherDomains: number;
  /** Values of the address attribute that are no SMTP address: X500, SIP, … */
  readonly otherKinds: number;
}
