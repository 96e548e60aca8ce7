import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { printableText } from './error.ts';
import type { ServerCertificate } from './types.ts';

/** The certificate of a server whose handshake is done, and after it those that vouch for it, up to the authority. */
export function certificatesOf(socket: TLSSocket): ServerCertificate[] {
  const certificates: ServerCertificate[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // The authority's own names itself as its issuer.
  while (next?.fingerprint256 !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    const subject = [next.subject?.CN ?? next.subjectaltname ?? ''].flat().join(', ');
    certificates.push({ subject: printableText(subject), expires: new Date(next.valid_to) });
    next = next.issuerCertificate;
  }
  return certificates;
}
