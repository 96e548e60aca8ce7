import dns, { type SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { DirectoryError, printableText, type Server } from './error.ts';
import type { DirectorySettings } from './types.ts';

const PREFIX = 'srv:';
/** What resolvers answer that another moment may change; everything else is how the domain is set up. */
const PASSING = ['ETIMEOUT', 'ESERVFAIL', 'EREFUSED', 'ECONNREFUSED', 'ECANCELLED'];

/** Whether an item of `urls` names a domain whose servers stand in the DNS. */
export function isLookup(item: string): boolean {
  return item.startsWith(PREFIX);
}

/**
 * The servers of a domain as its SRV records (RFC 2782) for `_ldap._tcp` name them, as `ldap://` URLs in the order in which they
 * are to be asked: by priority, and by chance as their weights have it.
 *
 * Nothing vouches for a DNS answer, and a server is believed for the name in its certificate. So a server has to lie in the domain
 * that was asked for: else whoever forges an answer could name a host of his own, with a certificate that is good for it.
 *
 * @throws DirectoryError: `unreachable` where no answer came, `configuration` where the answer names no server to use; the signal's
 * reason when it is aborted
 */
export async function findServers(
  item: string,
  settings: Pick<DirectorySettings, 'name' | 'connectTimeout'>,
  signal: AbortSignal,
): Promise<string[]> {
  const domain = item.slice(PREFIX.length);
  const name = `_ldap._tcp.${domain}`;
  const server: Server = { directory: settings.name, url: item };
  const unusable = (problem: string): DirectoryError => new DirectoryError(server, 'configuration', problem);

  const answer = await resolve(name, server, settings.connectTimeout, signal);
  // RFC 2782: a target "." says that the service is decidedly not there.
  const records = answer.filter((record) => hostOf(record.name) !== '');
  if (records.length === 0) {
    throw unusable(`DNS says that ${name} is offered by no server: list the servers in urls`);
  }
  const home = domain.replace(/^.*(^|\.)_[^.]*\./, '');
  for (const record of records) {
    const host = hostOf(record.name);
    if (host === home || host.endsWith(`.${home}`)) continue;
    throw unusable(
      `DNS names the server ${printableText(host)}, which is not in ${home}: if it is right, list the servers in urls by their names`,
    );
  }
  return inOrder(records, Math.random).map(({ name, port }) => `ldap://${hostOf(name)}:${port}`);
}

/**
 * Sorts the records as RFC 2782 wants them asked: the lowest priority first, and among equals one after the other by chance, in
 * proportion to their weights.
 *
 * @param random from 0 up to, not including, 1
 */
export function inOrder(records: readonly SrvRecord[], random: () => number): SrvRecord[] {
  const ordered: SrvRecord[] = [];
  for (const priority of [...new Set(records.map((record) => record.priority))].sort((a, b) => a - b)) {
    const left = records.filter((record) => record.priority === priority).sort((a, b) => a.weight - b.weight);
    while (left.length > 0) {
      const total = left.reduce((sum, { weight }) => sum + weight, 0);
      const chosen = Math.floor(random() * (total + 1));
      let sum = 0;
      const index = left.findIndex(({ weight }) => {
        sum += weight;
        return sum >= chosen;
      });
      ordered.push(...left.splice(index, 1));
    }
  }
  return ordered;
}

async function resolve(
  name: string,
  server: Server,
  timeout: number,
  signal: AbortSignal,
): Promise<SrvRecord[]> {
  signal.throwIfAborted();
  // One of its own, so that it can be cancelled; it asks whom this process asks.
  const resolver = new Resolver();
  resolver.setServers(dns.getServers());
  const cancel = () => resolver.cancel();
  const timer = setTimeout(cancel, timeout);
  signal.addEventListener('abort', cancel);
  try {
    return await resolver.resolveSrv(name);
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOTFOUND' || code === 'ENODATA') {
      const what = code === 'ENOTFOUND' ? 'no such name' : 'no SRV record there';
      const problem = `DNS has no servers under ${name} (${what}): see urls`;
      throw new DirectoryError(server, 'configuration', problem, { cause: error });
    }
    const late = code === 'ECANCELLED' ? ` within ${timeout} ms` : '';
    const fault = PASSING.includes(code) ? 'unreachable' : 'configuration';
    throw new DirectoryError(server, fault, `DNS gave no answer for ${name}${late} (${code})`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}

/** In lower case, without the dot of the root. */
function hostOf(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
