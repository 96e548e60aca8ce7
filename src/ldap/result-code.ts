/** LDAP result codes by their names in RFC 4511, appendix A. */
const names = new Map([
  [0, 'success'],
  [1, 'operationsError'],
  [2, 'protocolError'],
  [3, 'timeLimitExceeded'],
  [4, 'sizeLimitExceeded'],
  [7, 'authMethodNotSupported'],
  [8, 'strongerAuthRequired'],
  [10, 'referral'],
  [11, 'adminLimitExceeded'],
  [12, 'unavailableCriticalExtension'],
  [13, 'confidentialityRequired'],
  [14, 'saslBindInProgress'],
  [16, 'noSuchAttribute'],
  [17, 'undefinedAttributeType'],
  [18, 'inappropriateMatching'],
  [19, 'constraintViolation'],
  [21, 'invalidAttributeSyntax'],
  [32, 'noSuchObject'],
  [33, 'aliasProblem'],
  [34, 'invalidDNSyntax'],
  [36, 'aliasDereferencingProblem'],
  [48, 'inappropriateAuthentication'],
  [49, 'invalidCredentials'],
  [50, 'insufficientAccessRights'],
  [51, 'busy'],
  [52, 'unavailable'],
  [53, 'unwillingToPerform'],
  [54, 'loopDetect'],
  [71, 'affectsMultipleDSAs'],
  [80, 'other'],
  // RFC 4533, 2.5.
  [4096, 'e-syncRefreshRequired'],
]);

const advice = new Map([
  [1, 'the server may want a bind: see bind_dn'],
  [3, 'a longer operation_timeout or a smaller page_size may help'],
  [4, 'the answer is cut off: a smaller page_size, or a higher limit for this account on the server'],
  [8, 'use ldaps:// or starttls'],
  [10, 'the base is on another server: see urls and base'],
  [11, 'a limit of the server for this account is too low for the whole search, or for page_size'],
  [13, 'use ldaps:// or starttls'],
  [32, 'see base'],
  [34, 'see base and bind_dn'],
  [48, 'see bind_dn and password_file'],
  [49, 'see bind_dn and password_file'],
  [50, 'the account of bind_dn needs the right to read here'],
]);

/** Active Directory's reason for invalidCredentials, in hexadecimal after `data` in its diagnostic message. */
const credentials = new Map([
  ['525', 'the account of bind_dn does not exist'],
  ['52e', 'the password of bind_dn is wrong, or there is no such account: see bind_dn and password_file'],
  ['530', 'the account of bind_dn may not log on at this time'],
  ['531', 'the account of bind_dn may not log on from this machine'],
  ['532', 'the password of bind_dn has expired'],
  ['533', 'the account of bind_dn is disabled'],
  ['701', 'the account of bind_dn has expired'],
  ['773', 'the password of bind_dn has to be changed first'],
  ['775', 'the account of bind_dn is locked out'],
]);

export function resultName(code: number): string {
  return names.get(code) ?? 'an unknown result';
}

/** Whether Active Directory refused the account, not its password: it is locked, disabled, expired, … */
export function isOfTheAccount(diagnostic: string): boolean {
  const data = adReason(diagnostic);
  return data !== undefined && data !== '525' && data !== '52e' && credentials.has(data);
}

/** What to do about a result, where there is something to say. */
export function diagnosis(code: number, diagnostic: string): string | undefined {
  const data = code === 49 ? adReason(diagnostic) : undefined;
  return (data === undefined ? undefined : credentials.get(data)) ?? advice.get(code);
}

function adReason(diagnostic: string): string | undefined {
  return /\bdata ([0-9a-f]+)/i.exec(diagnostic)?.[1]?.toLowerCase();
}
