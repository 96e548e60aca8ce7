import { FilterError, parseFilter } from '../ldap/filter.ts';
import { type Amount, type FormatChoice, type Hours, plainFormats, suffixedFormats } from './config.ts';
import { ValueError } from './error.ts';
import { printableText, quote } from './printable.ts';
import { parseTemplate, placeholders, type Template } from './template.ts';

/** What a directory's templates offer beside the attributes of the recipient. */
export const directoryPlaceholders = ['address', 'local_part', 'domain', 'primary'] as const;

// RFC 4512, sections 1.4 and 2.5: a short name or a dotted number, then options.
const attribute = /^([a-z][a-z0-9-]*|\d+(\.\d+)+)(;[a-z0-9-]+)*$/i;
const url = /^(ldaps?):\/\/(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/i;
const domain = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** A limit such as 25 or "0.5%". @throws ValueError */
export function parseAmount(value: unknown): Amount {
  const hint = 'write a number of entries such as 25, or a share such as "1%"';
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) throw new ValueError('is not a whole number of entries', hint);
    if (value < 0) throw new ValueError('is negative', hint);
    return { count: value };
  }
  const percent = typeof value === 'string' ? /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1] : undefined;
  if (percent === undefined) throw new ValueError('is neither a number of entries nor a percentage', hint);
  if (Number(percent) > 100) throw new ValueError('is more than 100%', hint);
  return { percent: Number(percent) };
}

/** What is written of a table: one format or a list of them. @throws ValueError */
export function parseFormats(value: unknown): FormatChoice[] {
  const known: readonly FormatChoice[] = [...plainFormats, ...suffixedFormats];
  const names = known.map((name) => `"${name}"`).join(', ');
  const hint = 'for example: format = "auto", or format = ["auto", "cdb"]';
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const chosen = known.filter((name) => list.includes(name));
  if (list.length === 0) throw new ValueError('names no format', hint);
  if (list.some((each) => !known.some((name) => name === each)))
    throw new ValueError(`must be one of ${names}`, hint);
  if (chosen.length < list.length) throw new ValueError('names a format twice', 'remove one');
  const plain = plainFormats.filter((name) => list.includes(name));
  if (plain.length > 1) {
    const both = plain.map((name) => `"${name}"`).join(' and ');
    throw new ValueError(
      `has ${both}, which are written to the same file`,
      "choose what this hub's Exim reads",
    );
  }
  return chosen;
}

/**
 * An LDAP URL without anything but the server (RFC 4516, section 2), or `srv:` and a domain; in lower case.
 *
 * @throws ValueError that never repeats a URL with a password in it
 */
export function parseUrl(text: string): string {
  if (/^srv:/i.test(text)) return parseLookup(text);
  const example =
    'write ldaps://HOST or ldap://HOST, with :PORT where it is not the usual one, or srv:DOMAIN';
  if (text.includes('@')) {
    throw new ValueError('carries a user name or password', 'use bind_dn and password_file for those');
  }
  if (!/^ldaps?:\/\//i.test(text))
    throw new ValueError(`${quote(text)} is no ldap:// or ldaps:// URL`, example);
  if (/^ldaps?:\/\/[^/?#]*(\/.|\/?[?#])/is.test(text)) {
    throw new ValueError(
      `${quote(text)} goes on after the server`,
      'remove that part: base and filter are keys of their own',
    );
  }
  const [, scheme = '', host = '', port] = url.exec(text) ?? [];
  if (host === '') throw new ValueError(`${quote(text)} names no server`, example);
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) {
    throw new ValueError(`${quote(text)} has a port that does not exist`, 'ports are 1 to 65535');
  }
  return `${scheme}://${host}${port === undefined ? '' : `:${port}`}`.toLowerCase();
}

/** `srv:` and a domain in which servers are looked up; Active Directory keeps some below names such as `_sites`. */
function parseLookup(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length > 240 || !domain.test(lower.slice('srv:'.length))) {
    throw new ValueError(`${quote(text)} names no domain`, 'write srv:DOMAIN, such as srv:ad.example.ac.uk');
  }
  return lower;
}

/** A mail domain, in lower case. @throws ValueError */
export function parseDomain(text: string): string {
  const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (lower.length > 253 || !domain.test(lower)) {
    throw new ValueError(
      `${quote(text)} is no mail domain`,
      'write it as in an address after the @, international ones in their xn-- form',
    );
  }
  return lower;
}

/** A key, or `@` and a domain, in lower case. @throws ValueError */
export function parseProtected(text: string): string {
  if (text.startsWith('@')) return `@${parseDomain(text.slice(1))}`;
  if (text === '')
    throw new ValueError(
      'is empty',
      'write a key such as postmaster@example.ac.uk, or a domain as @example.ac.uk',
    );
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The name of a systemd credential: never a path. @throws ValueError */
export function parseCredential(text: string): string {
  if (!/^[\w-][\w.-]*$/.test(text)) {
    throw new ValueError(
      `${quote(text)} is no name of a credential`,
      'write the name that LoadCredential= gives it',
    );
  }
  return text;
}

/** @throws ValueError */
export function parseAttribute(text: string): string {
  if (!attribute.test(text)) {
    throw new ValueError(`${quote(text)} is no name of an attribute`, 'write a name such as proxyAddresses');
  }
  return text;
}

/** Hours of the day such as "08:00-18:00" or, over midnight, "22:00-06:00". @throws ValueError */
export function parseHours(text: string): Hours {
  const hint = 'write it as "08:00-18:00", or "22:00-06:00" over midnight';
  const [, ...digits] = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text) ?? [];
  const [fromHour = Number.NaN, fromMinute = 0, toHour = 0, toMinute = 0] = digits.map(Number);
  if (!(fromHour < 24 && fromMinute < 60 && toMinute < 60 && toHour * 60 + toMinute <= 24 * 60)) {
    throw new ValueError(`${quote(text)} are no hours of the day`, hint);
  }
  const [from, to] = [fromHour * 60 + fromMinute, (toHour * 60 + toMinute) % (24 * 60)];
  if (from === to)
    throw new ValueError(`${quote(text)} leaves it open whether always or never is meant`, hint);
  return { from, to };
}

/** A time such as "90 minutes", "12 hours", "3 days" or "1 week", in milliseconds. @throws ValueError */
export function parseDuration(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6}) ?(minute|hour|day|week)s?$/.exec(text) ?? [];
  const minutes = Number(number) * (MINUTES_OF.get(unit) ?? 0);
  if (minutes === 0) {
    throw new ValueError(
      `${quote(text)} is no length of time`,
      'write it as "90 minutes", "12 hours", "3 days" or "1 week"',
    );
  }
  return minutes * 60_000;
}

const MINUTES_OF = new Map([
  ['minute', 1],
  ['hour', 60],
  ['day', 24 * 60],
  ['week', 7 * 24 * 60],
]);

/** An RFC 4515 filter, as it is. @throws ValueError */
export function checkFilter(text: string): string {
  try {
    parseFilter(text);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new ValueError(
      error.message,
      'write it as for ldapsearch, such as (&(objectClass=user)(homeMDB=*))',
    );
  }
  return text;
}

/** A template for the value of an entry from a directory. @throws ValueError */
export function parseDirectoryTemplate(text: string): Template {
  const template = parseTemplate(text);
  for (const name of placeholders(template)) {
    if (directoryPlaceholders.some((known) => known === name)) continue;
    const meant = directoryPlaceholders.find((known) => letters(known) === letters(name));
    if (meant !== undefined) throw new ValueError(`{${name}} is not known`, `did you mean {${meant}}?`);
    if (!attribute.test(name)) {
      throw new ValueError(
        `{${printableText(name)}} is no name of an attribute`,
        `use ${directoryPlaceholders.map((known) => `{${known}}`).join(', ')} or an attribute's name`,
      );
    }
  }
  return template;
}

/** A template that gives every entry its own key. @throws ValueError */
export function asKey(template: Template): Template {
  if (placeholders(template).length === 0) {
    throw new ValueError(
      'has no placeholder: every entry would have the same key',
      'put one in, such as {address}',
    );
  }
  return template;
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '');
}

/** An address that somebody is written to: it becomes an argument and a header. @throws ValueError */
export function parseMailAddress(text: string): string {
  if (
    !/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]*@[A-Za-z0-9][A-Za-z0-9.-]*$/.test(text)
  ) {
    throw new ValueError(`${quote(text)} is no mail address`, 'write it as in postmaster@example.ac.uk');
  }
  return text;
}
