const STAR = 0x2a;
const AT = 0x40;
const DOT = 0x2e;
const HYPHEN = 0x2d;

const MAX_ADDRESS = 254;
const MAX_LOCAL_PART = 64;
const MAX_LABEL = 63;
const MAX_DOMAIN = 253;
const TOO_LONG = 'longer than 253 bytes';

/** Lower case of ASCII letters; every other byte stands for itself. */
export const lowerCase = new Uint8Array(256);
const isAtext = new Uint8Array(256);
export const isLetterOrDigit = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const character = String.fromCharCode(byte);
  lowerCase[byte] = /[A-Z]/.test(character) ? byte + 0x20 : byte;
  isLetterOrDigit[byte] = /[0-9A-Za-z]/.test(character) ? 1 : 0;
  isAtext[byte] = /[0-9A-Za-z!#$%&'*+\-/=?^_`{|}~]/.test(character) ? 1 : 0;
}

/** Lower-cases ASCII letters in place. */
export function lowerCaseAscii(bytes: Uint8Array, start: number, end: number): void {
  for (let i = start; i < end; i++) bytes[i] = lowerCase[bytes[i]];
}

/**
 * Checks a mail address: a dot-atom of at most 64 bytes, `@`, a domain of LDH labels of at most 63 bytes, 254 in all (RFC 5321,
 * 4.1.2 and 4.5.3.1; without quoted local parts, address literals and internationalized addresses).
 *
 * @param at where its last `@` is, or a negative number
 * @returns what is wrong with it, or undefined
 */
export function addressFault(
  bytes: Uint8Array,
  start: number,
  end: number,
  at = lastAtSign(bytes, start, end),
): string | undefined {
  if (at < start) return 'no @';
  if (end - start > MAX_ADDRESS) return 'longer than 254 bytes';
  return localPartFault(bytes, start, at) ?? domainFault(bytes, at + 1, end);
}

/** The index of the last `@`, or -1. */
export function lastAtSign(bytes: Uint8Array, start: number, end: number): number {
  for (let i = end - 1; i >= start; i--) if (bytes[i] === AT) return i;
  return -1;
}

function localPartFault(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start === end) return 'no local part';
  if (end - start > MAX_LOCAL_PART) return 'a local part longer than 64 bytes';
  let before = DOT;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (isAtext[byte] === 0) {
      if (byte !== DOT) return byte < 0x80 ? 'a character that no local part has' : 'not ASCII';
      if (before === DOT) return 'a misplaced dot';
    }
    before = byte;
  }
  return before === DOT ? 'a misplaced dot' : undefined;
}

/**
 * Checks a domain that Exchange accepts: a mail domain, or `*.` and one for all domains below it.
 *
 * @returns what is wrong with it, or undefined
 */
export function acceptedDomainFault(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (bytes[start] !== STAR) return end - start > MAX_DOMAIN ? TOO_LONG : domainFault(bytes, start, end);
  if (end - start === 1) return 'a * for every domain there is';
  if (bytes[start + 1] !== DOT) return 'a * that does not stand for the whole labels in front';
  return end - start > MAX_DOMAIN ? TOO_LONG : domainFault(bytes, start + 2, end);
}

function domainFault(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start === end) return 'no domain';
  let label = start;
  for (let i = start; i <= end; i++) {
    const byte = i < end ? bytes[i] : DOT;
    if (byte === DOT) {
      if (i === label) return 'an empty label in the domain';
      if (i - label > MAX_LABEL) return 'a label longer than 63 bytes in the domain';
      if (bytes[label] === HYPHEN || bytes[i - 1] === HYPHEN) return 'a misplaced hyphen in the domain';
      label = i + 1;
    } else if (isLetterOrDigit[byte] === 0 && byte !== HYPHEN) {
      return byte < 0x80 ? 'a character that no domain has' : 'not ASCII';
    }
  }
  return undefined;
}
