import * as z from 'zod/mini';
import { deltaChoices } from './config.ts';
import { directoryTypes } from './directory-types.ts';
import { checkCertificates, checkCredential, checkSecret, credentialPath } from './files.ts';
import { days, parsed, path, seconds, text } from './leaf.ts';
import { type Finding, rule, sound, unique } from './rule.ts';
import type { Surroundings } from './surroundings.ts';
import { parseAttribute, parseCredential, parseDuration, parseHours, parseUrl } from './values.ts';

/** `[directory.NAME]`: a server, how to reach it, and which of the settings exclude each other. */
export function directorySchema(surroundings: Surroundings) {
  return keys(surroundings).check(
    rule(['password_file', 'password_credential'], onePassword),
    rule(['bind_dn', 'password_file', 'password_credential'], wholeBind),
    rule(['urls', 'bind_dn', 'starttls', 'allow_plaintext'], encryptedPassword),
    rule(['urls', 'starttls'], starttlsOnce),
    rule(['starttls', 'allow_plaintext'], starttlsOrPlaintext),
    rule(['urls', 'starttls', 'ca_file'], certificatesInUse),
  );
}

function keys(surroundings: Surroundings) {
  const check = (test: (path: string) => void) => (surroundings.offline ? () => {} : test);
  return z.strictObject({
    type: z._default(z.enum(directoryTypes), 'ad'),
    urls: z.array(parsed(z.string(), parseUrl)).check(z.minLength(1), unique(withPort)),
    base: z.string(),
    bind_dn: z.optional(text()),
    password_file: z.optional(path(surroundings, check(checkSecret))),
    password_credential: z.optional(
      parsed(text(), (name) => {
        const file = credentialPath(parseCredential(name));
        check(checkCredential)(file);
        return file;
      }),
    ),
    ca_file: z.optional(path(surroundings, check(checkCertificates))),
    starttls: z._default(z.boolean(), false),
    allow_plaintext: z._default(z.boolean(), false),
    page_size: z.optional(z.int().check(z.gte(1), z.lte(2 ** 31 - 1))),
    connect_timeout: z._default(seconds(), 10_000),
    operation_timeout: z._default(seconds(), 60_000),
    extraction_timeout: z._default(seconds(), 1_800_000),
    retry_for: z._default(seconds(0), 60_000),
    max_entries_per_second: z.optional(z.int().check(z.gte(1), z.lte(1_000_000))),
    warn_before: z._default(days(), 14 * 86_400_000),
    full_every: z._default(parsed(z.string(), parseDuration), 24 * 60 * 60 * 1000),
    no_full_between: z.optional(parsed(z.string(), parseHours)),
    address_attributes: z.optional(
      z.array(parsed(z.string(), parseAttribute)).check(
        z.minLength(1),
        unique((name) => name.toLowerCase()),
      ),
    ),
    id_attribute: z.optional(parsed(z.string(), parseAttribute)),
    delta: z._default(z.enum(deltaChoices), 'auto'),
  });
}

type Directory = z.output<ReturnType<typeof keys>>;
type Some<Key extends keyof Directory> = Pick<Directory, Key>;

function* onePassword(section: Some<'password_file' | 'password_credential'>): Iterable<Finding> {
  if (section.password_file === undefined || section.password_credential === undefined) return;
  yield {
    path: ['password_credential'],
    message: 'and password_file both name a password',
    hint: 'keep one of them',
  };
}

function* wholeBind(section: Some<'bind_dn' | 'password_file' | 'password_credential'>): Iterable<Finding> {
  const password = (['password_file', 'password_credential'] as const).find(
    (key) => section[key] !== undefined,
  );
  if (section.bind_dn !== undefined && password === undefined) {
    // RFC 4513, section 5.1.2: servers may take a name without a password for an anonymous bind, and answer less.
    const hint = 'add password_file or password_credential, or remove bind_dn to search anonymously';
    yield { path: ['bind_dn'], message: 'has no password', hint };
  }
  if (section.bind_dn === undefined && password !== undefined) {
    const hint = `add bind_dn, or remove ${password} to search anonymously`;
    yield { path: [password], message: 'is a password without a bind_dn', hint };
  }
}

function* encryptedPassword(
  section: Some<'urls' | 'bind_dn' | 'starttls' | 'allow_plaintext'>,
): Iterable<Finding> {
  if (section.bind_dn === undefined || section.starttls || section.allow_plaintext) return;
  for (const [index, url] of sound(section.urls)) {
    if (isEncrypted(url)) continue;
    yield {
      path: ['urls', index],
      message: `the password would go to ${url} over an unencrypted connection`,
      hint: 'use ldaps://, or starttls = true, or accept it with allow_plaintext = true',
    };
  }
}

function* starttlsOnce(section: Some<'urls' | 'starttls'>): Iterable<Finding> {
  if (!section.starttls) return;
  for (const [index, url] of sound(section.urls)) {
    if (!isEncrypted(url)) continue;
    const hint = 'use ldap:// with it, or remove starttls: ldaps:// is encrypted from the start';
    yield { path: ['urls', index], message: `${url} contradicts starttls = true`, hint };
  }
}

function* starttlsOrPlaintext(section: Some<'starttls' | 'allow_plaintext'>): Iterable<Finding> {
  if (!section.starttls || !section.allow_plaintext) return;
  const hint = 'remove allow_plaintext: with starttls nothing is ever sent unencrypted';
  yield { path: ['allow_plaintext'], message: 'contradicts starttls = true', hint };
}

function* certificatesInUse(section: Some<'urls' | 'starttls' | 'ca_file'>): Iterable<Finding> {
  if (
    section.ca_file === undefined ||
    section.starttls ||
    sound(section.urls).some(([, url]) => isEncrypted(url))
  )
    return;
  const hint = 'use ldaps://, or starttls = true, or remove ca_file';
  yield { path: ['ca_file'], message: 'is not used: no connection is encrypted', hint };
}

function isEncrypted(url: string): boolean {
  return url.startsWith('ldaps:');
}

function withPort(url: string): string {
  if (url.startsWith('srv:')) return url;
  return /:\d+$/.test(url) ? url : `${url}:${isEncrypted(url) ? 636 : 389}`;
}
