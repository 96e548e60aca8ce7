import { type BerCursor, MalformedError, TAG } from './ber.ts';

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
    cookie: rest.tag === CONTROLS ? pagedResultsCookie(rest.take(CONTROLS)) : undefined,
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

function pagedResultsCookie(controls: BerCursor): Buffer | undefined {
  while (!controls.done) {
    const control = controls.take(TAG.sequence);
    if (control.takeText() !== PAGED_RESULTS) continue;
    if (control.tag === TAG.boolean) control.take(TAG.boolean);
    const wrapped = control.take(TAG.octetString);
    const value = wrapped.take(TAG.sequence);
    value.takeInteger();
    const cookie = value.takeBytes();
    if (!value.done || !wrapped.done) throw new MalformedError('a paged results control that is too long');
    return cookie;
  }
  return undefined;
}
