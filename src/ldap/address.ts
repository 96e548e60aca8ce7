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

/** What each byte comes to in an address: its lower case in the low eight bits, and what it may be. */
const traits = new Uint16Array(256);
const IN_LOCAL_PART = 0x100;
const IN_DOMAIN = 0x200;
/** Neither two of them may meet, nor may one stand at the edge of a local part. */
const DOT_OR_EDGE = 0x400;
/** Of a domain's labels: as above, but hyphens may meet. */
const HYPHEN_ONLY = 0x800;
const LABEL_EDGE = 0x1000;
for (let byte = 0; byte < 256; byte++) {
  traits[byte] = lowerCase[byte];
  if (isAtext[byte] === 1 || byte === DOT) traits[byte] |= IN_LOCAL_PART;
  if (isLetterOrDigit[byte] === 1 || byte === HYPHEN || byte === DOT) traits[byte] |= IN_DOMAIN;
  if (byte === DOT || byte === AT) traits[byte] |= DOT_OR_EDGE | LABEL_EDGE;
  if (byte === HYPHEN) traits[byte] |= HYPHEN_ONLY | LABEL_EDGE;
}

/**
 * Copies `bytes[start, end)` to `target` in lower case (ASCII letters) and checks it by the way.
 *
 * @returns where its `@` stands in `target`; or -1 for what is no address, or too unusual a one: `addressFault` tells
 */
export function copyAddress(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  let to = targetStart;
  let from = start;
  let before = DOT_OR_EDGE;
  let allowed = IN_LOCAL_PART;
  let met = 0;
  for (; from < end; from++) {
    const byte = traits[bytes[from]];
    if ((byte & 0xff) === AT) break;
    target[to++] = byte;
    allowed &= byte;
    met |= before & byte;
    before = byte;
  }
  const at = to;
  const isLocalPart =
    allowed !== 0 && ((met | before) & DOT_OR_EDGE) === 0 && at - targetStart <= MAX_LOCAL_PART;

  allowed = IN_DOMAIN;
  met = 0;
  before = LABEL_EDGE;
  const domain = from + 1;
  if (from < end) target[to++] = AT;
  for (from = domain; from < end; from++) {
    const byte = traits[bytes[from]];
    target[to++] = byte;
    allowed &= byte;
    const both = before & byte;
    met |= both & ~(both << 1);
    before = byte;
  }
  const isDomain =
    allowed !== 0 && ((met | before) & LABEL_EDGE) === 0 && end - domain <= MAX_LABEL && domain < end;
  return isLocalPart && isDomain ? at : -1;
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
