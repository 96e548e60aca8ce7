import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { DirectoryError, type Server } from './error.ts';

/**
 * Reads a password from the first line of its file. The file must be closed to everybody but its owner; a systemd credential may
 * also be readable by a group, because that is how systemd lends root's files to a service.
 *
 * @throws DirectoryError that never holds any of the file's contents
 */
export function readPassword(path: string, server: Server): string {
  let contents: string;
  try {
    const file = openSync(path, 'r');
    try {
      refuseOpenFile(path, fstatSync(file), server);
      contents = readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof DirectoryError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DirectoryError(server, 'configuration', `the password can't be read: ${reason}`, {
      cause: error,
    });
  }
  const password = contents.replace(/\r?\n$/, '');
  // A bind with a name and no password succeeds as anonymous on many servers (RFC 4513, 5.1.2).
  if (password === '')
    throw new DirectoryError(server, 'configuration', `the password file ${path} is empty`);
  return password;
}

function refuseOpenFile(path: string, stats: Stats, server: Server): void {
  const forbidden = isCredential(path, stats) ? 0o037 : 0o077;
  if ((stats.mode & forbidden) === 0) return;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  throw new DirectoryError(
    server,
    'configuration',
    `the password file ${path} has mode ${mode}: others than its owner can read it; chmod 0400 it, and change the password if they did`,
  );
}

function isCredential(path: string, stats: Stats): boolean {
  return stats.uid === 0 && dirname(path) === process.env.CREDENTIALS_DIRECTORY;
}
