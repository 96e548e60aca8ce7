import { configurationError } from './error.ts';
import { readPassword } from './password.ts';
import type { DirectorySettings } from './types.ts';

/**
 * The password to bind with; undefined for an anonymous bind.
 *
 * @throws DirectoryError
 */
export function bindPassword(settings: DirectorySettings): string | undefined {
  const { bindDn, passwordFile } = settings;
  if (bindDn === undefined && passwordFile === undefined) return undefined;
  if (bindDn === undefined) throw configurationError(settings.name, 'a password_file without a bind_dn');
  if (passwordFile === undefined)
    throw configurationError(settings.name, 'a bind_dn without a password_file');
  return readPassword(passwordFile, { directory: settings.name, url: undefined });
}
