import { TLSSocket } from 'node:tls';
import { bindPassword } from './bind-password.ts';
import { mechanisms, startOf } from './changes/choose.ts';
import { Refusal } from './changes/mechanism.ts';
import { type Connection, connect } from './connect.ts';
import { searchObjects } from './entry-object.ts';
import { parseFilter } from './filter.ts';
import { encodeFilter } from './filter-ber.ts';
import { onFirstServer } from './first-server.ts';
import type { ServerKind } from './matching-rules.ts';
import { askPasswordExpiry } from './password-expiry.ts';
import { timeLimitOf } from './recipient-search.ts';
import { type RootDse, readRootDse, withBase } from './root-dse.ts';
import { Session } from './session.ts';
import type { DeltaKind, DirectorySettings, FailedServer, ServerCertificate } from './types.ts';
import { unionFilter } from './union-filter.ts';
import type { Visit } from './visit.ts';

const SIZE_LIMIT_EXCEEDED = 4;

/** What a first look at a directory found. */
export interface Probe {
  /** The server that answered. */
  readonly url: string;
  /** Undefined for a connection in the clear. */
  readonly tls: TlsReport | undefined;
  readonly server: ServerKind;
  readonly vendor: string | undefined;
  /** OIDs. */
  readonly supportedControls: readonly string[];
  /** Whether any object below the base matches one of the filters. */
  readonly hasRecipients: boolean;
  /** The server's own first, then those that vouch for it; none for a connection in the clear. */
  readonly certificates: readonly ServerCertificate[];
  /** When the password of the bind ends, where the server tells. */
  readonly passwordExpires: Date | undefined;
  /** How the server tells of changes; undefined where it doesn't, or isn't asked to. */
  readonly delta: { readonly kind: DeltaKind; readonly deletionsSeen: boolean } | undefined;
  readonly failedServers: readonly FailedServer[];
}

export interface TlsReport {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** The certificate's. */
  readonly subject: string;
  readonly expires: Date;
}

/**
 * Connects, binds and searches for one entry, as an extraction would begin; on the first of the servers that is there.
 *
 * @throws DirectoryError, FilterError
 */
export async function probe(
  settings: DirectorySettings,
  filters: readonly string[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<Probe> {
  const password = bindPassword(settings);
  const union = encodeFilter(unionFilter(filters.map(parseFilter)));
  const { answer, visit, failedServers } = await onFirstServer(
    settings,
    async (visit, signal) => {
      const connection = await connect(settings, visit, password, signal);
      return lookAround(connection, settings, visit, union);
    },
    { signal: options.signal, retries: false },
  );
  const { certificates, passwordExpires } = visit;
  return { ...answer, certificates, passwordExpires, failedServers };
}

async function lookAround(
  connection: Connection,
  settings: DirectorySettings,
  visit: Visit,
  filter: Buffer,
): Promise<Omit<Probe, 'failedServers' | 'certificates' | 'passwordExpires'>> {
  const tls = connection instanceof TLSSocket ? tlsReport(connection) : undefined;
  const { url } = visit;
  const server = { directory: settings.name, url };
  const session = new Session(connection, server, settings.operationTimeout, visit);
  try {
    const timeLimit = timeLimitOf(settings);
    const root = await readRootDse(session, timeLimit);
    await askPasswordExpiry(session, visit, settings, root);
    const located = withBase(settings, root, server);
    const found = await searchObjects(session, {
      base: located.base,
      scope: 'sub',
      filter,
      attributes: ['1.1'],
      timeLimit,
      sizeLimit: 1,
      tolerated: [SIZE_LIMIT_EXCEEDED],
    });
    const { kind, vendor, supportedControls } = root;
    const delta = await findDelta(session, located, root);
    return { url, tls, server: kind, vendor, supportedControls, hasRecipients: found.length > 0, delta };
  } finally {
    session.close();
  }
}

async function findDelta(
  session: Session,
  settings: DirectorySettings,
  root: RootDse,
): Promise<Probe['delta']> {
  const start = await startOf(session, settings, mechanisms(session, settings, root, []));
  if (start === undefined) return undefined;
  const { mechanism, position } = start;
  const changes = await mechanism.since(position);
  return { kind: mechanism.kind, deletionsSeen: !(changes instanceof Refusal) && changes.deletionsSeen };
}

function tlsReport(socket: TLSSocket): TlsReport {
  const certificate = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol() ?? 'TLS',
    subject: [certificate.subject?.CN ?? certificate.subjectaltname ?? ''].flat().join(', '),
    expires: new Date(certificate.valid_to),
  };
}
