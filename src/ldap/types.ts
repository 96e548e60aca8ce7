/** One directory: where it is and how to talk to it. Times are milliseconds. */
export interface DirectorySettings {
  readonly name: string;
  /** `ldap://` or `ldaps://`, tried in order. */
  readonly urls: readonly string[];
  readonly base: string;
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
  readonly addressAttribute: string;
}

/** Text and placeholders in order: `{address}`, `{local_part}`, `{domain}`, `{primary}` or an attribute's name. */
export type Template = readonly (string | { readonly name: string })[];

/** What one table source takes from a directory. */
export interface Selection {
  /** RFC 4515. */
  readonly filter: string;
  readonly key: Template;
  readonly value: Template;
  /** Only addresses in these domains (lower case); undefined takes all. */
  readonly domains: readonly string[] | undefined;
}

/**
 * Receives what the recipients contribute. Byte ranges are good during the call only: the receiver copies them. All that
 * came is worth something only once `extract` has resolved.
 */
export interface RecipientSink {
  entry(
    selection: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void;
  rejected(selection: number, rejection: Rejection): void;
  /** Everything that came for this selection is void: its answer starts over, on another server or by another search. */
  restart(selection: number): void;
}

export interface Rejection {
  readonly dn: string;
  /** What was refused, made printable. */
  readonly value: string;
  readonly reason: string;
}

export interface ExtractOptions {
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
  /** Filters that needed a search of their own, with the reason. */
  readonly ownSearches: readonly { readonly filter: string; readonly reason: string }[];
  /** Servers that were tried before `url` and how they failed. */
  readonly failedServers: readonly FailedServer[];
  /** In the order of the selections. */
  readonly selections: readonly SelectionReport[];
}

export interface FailedServer {
  readonly url: string;
  readonly message: string;
}

export interface SelectionReport {
  /** Objects that the filter matched. */
  readonly recipients: number;
  /** Addresses left out because their domain is not among `domains`. */
  readonly otherDomains: number;
  /** Values of the address attribute that are no SMTP address: X500, SIP, … */
  readonly otherKinds: number;
}
