import { accessSync, constants, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ValueError } from './error.ts';

/** Where systemd puts the credentials of our service (systemd.exec(5), LoadCredential=). */
const serviceCredentials = '/run/credentials/mailhub-tables.service';

/** @throws ValueError unless `path` is a directory */
export function checkDirectory(path: string): void {
  if (!stat(path, 'make it, or correct the path').isDirectory()) {
    throw new ValueError(`${path} is not a directory`, 'name a directory');
  }
}

/** @throws ValueError when `path` is there and is no directory; it may be missing */
export function checkStateDirectory(path: string): void {
  if (exists(path)) checkDirectory(path);
}

/** @throws ValueError unless `path` is a program that this user may run */
export function checkProgram(path: string): void {
  if (!stat(path, 'correct the path').isFile())
    throw new ValueError(`${path} is not a file`, 'name a program');
  checkAccess(path, constants.X_OK, 'run');
}

/** @throws ValueError unless `path` is a readable file with at least one certificate in PEM form */
export function checkCertificates(path: string): void {
  if (!stat(path, 'correct the path').isFile())
    throw new ValueError(`${path} is not a file`, 'name a PEM file');
  checkAccess(path, constants.R_OK, 'read');
  if (!readFileSync(path, 'latin1').includes('-----BEGIN CERTIFICATE-----')) {
    throw new ValueError(`${path} holds no PEM certificate`, 'convert it with openssl x509 -inform DER');
  }
}

/**
 * Checks a password file without reading it. systemd's own credentials may show a group's permissions: those are its
 * access list for the service.
 *
 * @throws ValueError unless `path` is a file with something in it that this user, and nobody else, can read
 */
export function checkSecret(path: string): void {
  const stats = stat(path, 'correct the path, or write the password there');
  if (!stats.isFile()) throw new ValueError(`${path} is not a file`, 'name a file with the password in it');
  if ((stats.mode & 0o077) !== 0 && !isCredential(path)) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    throw new ValueError(`others can read the password in ${path} (mode ${mode})`, `run chmod go= ${path}`);
  }
  if (stats.size === 0) throw new ValueError(`${path} is empty`, 'write the password there');
  checkAccess(path, constants.R_OK, 'read');
}

/** The file of a systemd credential: in `$CREDENTIALS_DIRECTORY`, or where our service would have it. */
export function credentialPath(name: string): string {
  return join(process.env.CREDENTIALS_DIRECTORY ?? serviceCredentials, name);
}

/** @throws ValueError as {@link checkSecret}, and when systemd gave us no credentials at all */
export function checkCredential(path: string): void {
  if (process.env.CREDENTIALS_DIRECTORY === undefined) {
    throw new ValueError(
      'this run has no systemd credentials ($CREDENTIALS_DIRECTORY is not set)',
      'start it as a service with LoadCredential=, or use password_file',
    );
  }
  checkSecret(path);
}

/** The absolute path without symbolic links, as far as it is there. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

function isCredential(path: string): boolean {
  const folder = process.env.CREDENTIALS_DIRECTORY;
  if (folder === undefined) return false;
  const inside = relative(realPath(resolve(folder)), realPath(path));
  return inside !== '' && !inside.startsWith('..');
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}

function stat(path: string, whenMissing: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new ValueError(`${path} is not there`, whenMissing);
    throw unreachable(path, code, 'reach');
  }
}

function checkAccess(path: string, mode: number, verb: string): void {
  try {
    accessSync(path, mode);
  } catch (error) {
    throw unreachable(path, errorCode(error), verb);
  }
}

function unreachable(path: string, code: string, verb: string): ValueError {
  return new ValueError(
    `this user can't ${verb} ${path} (${code})`,
    "run as the service's user, or correct the rights",
  );
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
