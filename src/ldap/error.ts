import { diagnosis, isOfTheAccount, resultName } from './result-code.ts';
import type { FailedServer, ServerLoad } from './types.ts';

/**
 * - `configuration`: what was asked for can't work with this directory, or a file that it needs can't be used
 * - `unreachable`: no connection
 * - `tls`: a certificate that doesn't fit, or no common ground
 * - `closed`: the server or the network ended the connection
 * - `timeout`: no answer in time
 * - `protocol`: an answer that breaks the protocol, or one that can't be trusted to be whole
 * - `memory`: this machine has no room for the answer
 * - `result`: the server said no; `result` and `diagnostic` say how
 */
export type Fault =
  | 'configuration'
  | 'unreachable'
  | 'tls'
  | 'closed'
  | 'timeout'
  | 'protocol'
  | 'memory'
  | 'result';

export interface Server {
  readonly directory: string;
  /** Undefined when no server is to blame. */
  readonly url: string | undefined;
}

/** Milliseconds, less than any pause between two rounds of the servers: how long one round took tells nobody anything. */
const ONE_ROUND = 400;

interface Details {
  /** Of the LDAP result. */
  readonly code?: number | undefined;
  readonly diagnostic?: string | undefined;
  readonly failedServers?: readonly FailedServer[];
  readonly servers?: readonly ServerLoad[];
  /** Milliseconds since the first failure. */
  readonly triedFor?: number | undefined;
  readonly cause?: unknown;
}

/** An extraction that failed: nothing that it gave may be used. The message names the directory, the server, and what to do. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
  readonly directory: string;
  readonly url: string | undefined;
  readonly fault: Fault;
  /** The LDAP result code and its name in RFC 4511. */
  readonly result: { readonly code: number; readonly name: string } | undefined;
  /** What the server added to its result. */
  readonly diagnostic: string | undefined;
  /** The message without the names of the directory and the server. */
  readonly problem: string;
  /** The servers that had failed before `url`. */
  readonly failedServers: readonly FailedServer[];
  /** What the servers were asked for, in vain. */
  readonly servers: readonly ServerLoad[];

  constructor(server: Server, fault: Fault, problem: string, details: Details = {}) {
    const { code, diagnostic, failedServers = [], servers = [], triedFor = 0, cause } = details;
    // What one server fails by again and again is told once.
    const others = failedServers.filter(({ url, message }) => url !== server.url || message !== problem);
    const earlier = counted(others.map(({ url, message }) => `; before that, ${url}: ${message}`));
    const times = failedServers.length - others.length + 1;
    const often = times === 1 ? 'for' : `${times} times in`;
    const tried = triedFor >= ONE_ROUND ? ` (tried ${often} ${(triedFor / 1000).toFixed(1)} s)` : '';
    super(`directory ${server.directory}: ${place(server.url)}${problem}${tried}${earlier}`, { cause });
    this.directory = server.directory;
    this.url = server.url;
    this.fault = fault;
    this.problem = problem;
    this.result = code === undefined ? undefined : { code, name: resultName(code) };
    this.diagnostic = diagnostic;
    this.failedServers = failedServers;
    this.servers = servers;
  }

  /**
   * The same error, after others had failed.
   *
   * @param triedFor milliseconds since the first of them
   */
  after(
    failedServers: readonly FailedServer[],
    servers: readonly ServerLoad[],
    triedFor: number,
  ): DirectoryError {
    const { directory, url, fault, problem, result, diagnostic, cause } = this;
    return new DirectoryError({ directory, url }, fault, problem, {
      code: result?.code,
      diagnostic,
      failedServers,
      servers,
      triedFor,
      cause,
    });
  }

  /**
   * Whether the server counted a wrong password, as far as it tells. Active Directory says when the account was the reason, which
   * it tells only to those with the right password or counts no more.
   */
  get isPasswordRefused(): boolean {
    return this.result?.name === 'invalidCredentials' && !isOfTheAccount(this.diagnostic ?? '');
  }

  /** Whether another server may do better: a wrong password or filter is as wrong there, and would be one attempt more. */
  get isServersOwn(): boolean {
    if (this.fault === 'result') return this.result?.name === 'busy' || this.result?.name === 'unavailable';
    return ['unreachable', 'closed', 'timeout', 'protocol'].includes(this.fault);
  }
}

/** @param doing what was asked, as in `the search was answered with …` */
export function resultError(server: Server, doing: string, code: number, diagnostic: string): DirectoryError {
  const name = `${resultName(code)} (${code})`;
  const said = diagnostic === '' ? '' : `: ${printableText(diagnostic)}`;
  const help = diagnosis(code, diagnostic);
  const message = `${doing} was answered with ${name}${said}${help === undefined ? '' : `; ${help}`}`;
  return new DirectoryError(server, 'result', message, { code, diagnostic });
}

/** Each text once, with the number of times that it came. */
function counted(texts: readonly string[]): string {
  const times = new Map<string, number>();
  for (const text of texts) times.set(text, (times.get(text) ?? 0) + 1);
  return [...times].map(([text, count]) => (count === 1 ? text : `${text} (${count} times)`)).join('');
}

function place(url: string | undefined): string {
  return url === undefined ? '' : `${url}: `;
}

/** A server's own words on one line, without what moves a terminal's cursor: some add NULs and line breaks. */
export function printableText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').trim();
}

/** Nothing that a server did, or could mend. */
export function configurationError(directory: string, problem: string, cause?: unknown): DirectoryError {
  return new DirectoryError({ directory, url: undefined }, 'configuration', problem, { cause });
}
