import { BerCursor, MalformedError, TAG } from './ber.ts';

export const SEARCH_RESULT_DONE = 0x65;

const CONTROLS = 0xa0;
const RESPONSE_NAME = 0x8a;
const PAGED_RESULTS = '1.2.840.113556.1.4.319';

/** How a search, or the whole connection, ended (LDAPResult of RFC 4511, 4.1.9). */
export interface SearchResult {
  readonly code: number;
  readonly diagnostic: string;
  /** The cookie of the paged results control; empty on the last page, undefined when the control is missing. */
  readonly cookie: Buffer | undefined;
}

/**
 * @param operation the contents of the SearchResultDone
 * @param rest what follows it in the message: its controls
 * @throws MalformedError
 */
export function decodeSearchResult(operation: BerCursor, rest: BerCursor): SearchResult {
  const code = operation.takeInteger(TAG.enumerated);
  operation.takeBytes();
  const diagnostic = operation.takeText();
  return {
    code,
    diagnostic,
    cookie: pagedResultsCookie(rest),
  };
}

/** The name of an unsolicited notification, with its result. */
export function decodeNotification(operation: BerCursor): SearchResult & { readonly name: string } {
  const code = operation.takeInteger(TAG.enumerated);
  operation.takeBytes();
  const diagnostic = operation.takeText();
  while (operation.tag !== undefined && operation.tag !== RESPONSE_NAME) operation.take(operation.tag);
  const name = operation.tag === RESPONSE_NAME ? operation.takeText(RESPONSE_NAME) : '';
  return { code, diagnostic, cookie: undefined, name };
}

function pagedResultsCookie(rest: BerCursor): Buffer | undefined {
  const found = controlValue(rest, PAGED_RESULTS);
  if (found === undefined) return undefined;
  const wrapped = new BerCursor(found, 0, found.length);
  const value = wrapped.take(TAG.sequence);
  value.takeInteger();
  const cookie = value.takeBytes();
  if (!value.done || !wrapped.done) throw new MalformedError('a paged results control that is too long');
  return cookie;
}

/**
 * The value of a control of an answer (RFC 4511, 4.1.11), empty for one without a value; undefined when there is no such control.
 *
 * @param rest what follows the operation in the message
 * @throws MalformedError
 */
export function controlValue(rest: BerCursor, oid: string): Buffer | undefined {
  if (rest.tag !== CONTROLS) return undefined;
  const controls = rest.take(CONTROLS);
  while (!controls.done) {
    const control = controls.take(TAG.sequence);
    if (control.takeText() !== oid) continue;
    if (control.tag === TAG.boolean) control.take(TAG.boolean);
    return control.done ? Buffer.alloc(0) : control.takeBytes();
  }
  return undefined;
}
