import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { DirectoryError, type Server } from './error.ts';

/** Where systems keep the authorities that they trust: Debian, Red Hat, SUSE, Alpine. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * The certificate authorities that a server's certificate must come from: those of the file, else the system's
 * (`SSL_CERT_FILE` names another bundle), else those that come with Node.
 *
 * @throws DirectoryError when the file can't be used
 */
export function trustedAuthorities(caFile: string | undefined, server: Server): SecureContext {
  try {
    const ca = caFile === undefined ? systemBundle() : readFileSync(caFile, 'utf8');
    if (caFile !== undefined && !String(ca).includes('-----BEGIN')) throw new Error('no certificate in it');
    return createSecureContext({ ca });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DirectoryError(server, 'configuration', `ca_file ${caFile ?? ''} can't be used: ${reason}`, {
      cause: error,
    });
  }
}

function systemBundle(): string | string[] {
  const named = process.env.SSL_CERT_FILE;
  for (const path of named === undefined ? SYSTEM_BUNDLES : [named]) {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (named !== undefined) throw error;
    }
  }
  return [...rootCertificates];
}
