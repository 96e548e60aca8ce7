import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import { Client, ResultCodeError } from 'ldapts';
import { certificatesOf } from './certificates.ts';
import { DirectoryError, resultError, type Server } from './error.ts';
import { PasswordPolicyControl } from './password-policy.ts';
import { connectReading } from './reading.ts';
import { trustedAuthorities } from './trust.ts';
import type { DirectorySettings } from './types.ts';
import type { Visit } from './visit.ts';

const START_TLS = '1.3.6.1.4.1.1466.20037';

/** What to change about a certificate that does not fit, by OpenSSL's and Node's codes. */
const remedies = new Map([
  ['CERT_HAS_EXPIRED', "renew it on the server, or its authority's"],
  ['CERT_NOT_YET_VALID', 'see the clocks of this machine and of the server'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'name the server in urls as its certificate does'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'see ca_file: it lacks the authority that signed it'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'see ca_file: it lacks the authority that signed it'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'see ca_file: it lacks the authority that signed it'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'see ca_file: put this certificate into it'],
]);
const OTHER_REMEDY = 'see ca_file and the host in urls';

interface Endpoint {
  readonly secure: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

/** A connection that is bound and on which nothing is under way. */
export type Connection = Socket | TLSSocket;

/**
 * Connects to one server, over TLS where the settings say so, and binds.
 *
 * Certificates are always verified, and their name against the host of the URL. A password goes over TLS only, unless
 * `allowPlaintext` is set.
 *
 * @param visit is told what is sent, and what the server's certificates and its answer to the bind show
 * @param password undefined for an anonymous bind
 * @throws DirectoryError
 */
export async function connect(
  settings: DirectorySettings,
  visit: Visit,
  password: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const server: Server = { directory: settings.name, url: visit.url };
  const endpoint = parseUrl(visit.url, server);
  const encrypts = endpoint.secure || settings.starttls;
  if (password !== undefined && !encrypts && !settings.allowPlaintext) {
    throw new DirectoryError(
      server,
      'configuration',
      'the password would go over an unencrypted connection: use ldaps:// or starttls, or set allow_plaintext',
    );
  }
  const authorities = encrypts ? trustedAuthorities(settings.caFile, server) : undefined;
  const attempt = new Attempt(settings, server, visit, signal);
  try {
    return await attempt.run(endpoint, authorities, password);
  } catch (error) {
    attempt.socket?.destroy();
    throw error;
  }
}

/** @throws DirectoryError */
export function parseUrl(text: string, server: Server): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['ldap:', 'ldaps:'].includes(url.protocol) || url.hostname === '') {
    throw new DirectoryError(server, 'configuration', `${text} is no ldap:// or ldaps:// URL`);
  }
  const secure = url.protocol === 'ldaps:';
  return {
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 636 : 389) : Number(url.port),
  };
}

/** The steps to one server, each within its time. */
class Attempt {
  socket: Socket | undefined;
  readonly #settings: DirectorySettings;
  readonly #server: Server;
  readonly #visit: Visit;
  readonly #signal: AbortSignal | undefined;

  constructor(settings: DirectorySettings, server: Server, visit: Visit, signal: AbortSignal | undefined) {
    this.#settings = settings;
    this.#server = server;
    this.#visit = visit;
    this.#signal = signal;
  }

  async run(
    endpoint: Endpoint,
    authorities: SecureContext | undefined,
    password: string | undefined,
  ): Promise<Connection> {
    const { connectTimeout, operationTimeout, bindDn } = this.#settings;
    let socket: Connection = await this.#within(connectTimeout, 'no connection', this.#tcp(endpoint));
    if (authorities !== undefined) {
      if (!endpoint.secure) {
        await this.#within(operationTimeout, 'no answer to StartTLS', this.#startTls(socket));
        socket.removeAllListeners('data');
      }
      const handshake = this.#handshake(socket, endpoint, authorities);
      socket = await this.#within(connectTimeout, 'no end of the TLS handshake', handshake);
    }
    if (bindDn !== undefined && password !== undefined) {
      await this.#within(operationTimeout, 'no answer to the bind', this.#bind(socket, bindDn, password));
    }
    for (const event of ['data', 'error', 'timeout']) socket.removeAllListeners(event);
    return socket;
  }

  #tcp({ host, port }: Endpoint): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connectReading({ host, port, noDelay: true, keepAlive: true });
      this.socket = socket;
      socket.once('connect', () => resolve(socket));
      socket.once('error', (error) =>
        reject(this.#error('unreachable', `no connection: ${error.message}`, error)),
      );
    });
  }

  async #startTls(socket: Socket): Promise<void> {
    this.#visit.requests++;
    try {
      await clientOn(socket).exop(START_TLS);
    } catch (error) {
      throw this.#answer('StartTLS', error);
    }
  }

  #handshake(socket: Socket, { host }: Endpoint, secureContext: SecureContext): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const options = isIP(host) === 0 ? { host, servername: host } : { host };
      const secure = connectTls({ ...options, socket, secureContext, rejectUnauthorized: true });
      this.socket = secure;
      secure.once('secureConnect', () => {
        this.#visit.certificates = certificatesOf(secure);
        resolve(secure);
      });
      secure.once('error', (error: NodeJS.ErrnoException) => reject(this.#tlsError(error)));
      secure.once('close', () =>
        reject(this.#error('closed', 'the server closed the connection during the TLS handshake')),
      );
    });
  }

  /** A client of its own: what came before TLS must not reach the one that reads the answer to the bind. */
  async #bind(socket: Connection, dn: string, password: string): Promise<void> {
    const policy = new PasswordPolicyControl();
    this.#visit.requests++;
    this.#visit.isBindUnanswered = true;
    try {
      await clientOn(socket).bind(dn, password, policy);
      this.#visit.isBindUnanswered = false;
    } catch (error) {
      this.#visit.isBindUnanswered = !(error instanceof ResultCodeError);
      throw this.#answer('the bind', error);
    }
    const { secondsLeft } = policy;
    if (secondsLeft !== undefined) this.#visit.passwordExpires = new Date(Date.now() + secondsLeft * 1000);
  }

  async #within<T>(milliseconds: number, late: string, work: Promise<T>): Promise<T> {
    const signal = this.#signal;
    let timer: NodeJS.Timeout | undefined;
    let onAbort = () => {};
    const stopped = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal?.reason);
      if (signal?.aborted === true) onAbort();
      signal?.addEventListener('abort', onAbort);
      if (milliseconds > 0) {
        const error = () => this.#error('timeout', `${late} within ${milliseconds} ms`);
        timer = setTimeout(() => reject(error()), milliseconds);
      }
    });
    // Whichever loses the race may still fail, when the socket is destroyed.
    work.catch(() => {});
    try {
      return await Promise.race([work, stopped]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #answer(what: string, error: unknown): DirectoryError {
    if (error instanceof ResultCodeError) {
      const diagnostic = error.message.replace(/ Code: 0x[0-9a-f]+$/, '');
      return resultError(this.#server, what, error.code, diagnostic);
    }
    const reason = error instanceof Error ? error.message : String(error);
    return this.#error('closed', `no answer to ${what}: ${reason.replaceAll('\n', ' ')}`, error);
  }

  #tlsError(error: NodeJS.ErrnoException): DirectoryError {
    // What the system says is of the connection; everything else is OpenSSL's or the certificate's.
    if (error.syscall !== undefined || error.code === 'ECONNRESET') {
      return this.#error('closed', `the connection broke during the TLS handshake: ${error.message}`, error);
    }
    const reason = error.message.trim().replace(/\s+/g, ' ');
    return this.#error(
      'tls',
      `TLS failed: ${reason}; ${remedies.get(error.code ?? '') ?? OTHER_REMEDY}`,
      error,
    );
  }

  #error(fault: DirectoryError['fault'], message: string, cause?: unknown): DirectoryError {
    return new DirectoryError(this.#server, fault, message, { cause });
  }
}

/** ldapts on a connection that is there already; should it be lost, there is no second one. */
function clientOn(socket: Socket): Client {
  return new Client({ url: 'ldap://connected', createConnection: () => socket });
}
