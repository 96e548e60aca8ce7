import { getSystemErrorMap } from 'node:util';

/** The texts of C's strerror() where they differ from Node's, as GNU's library has them. */
const TEXTS: Readonly<Record<string, string>> = {
  EBUSY: 'Device or resource busy',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENFILE: 'Too many open files in system',
  ENOMEM: 'Cannot allocate memory',
  ETXTBSY: 'Text file busy',
};

/** What C programs print for a fault of the operating system. */
export function strerror(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = TEXTS[code];
  if (known !== undefined) return known;
  for (const [name, text] of getSystemErrorMap().values()) {
    if (name === code) return text.charAt(0).toUpperCase() + text.slice(1);
  }
  return error.message;
}
