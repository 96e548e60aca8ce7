import { asciiValues, digits, integers, octets, phones, text, textValues } from './filter-words.ts';
import type { Vocabulary } from './random-filters.ts';

const within = (bits: bigint) =>
  integers.filter((value) => BigInt.asIntN(Number(bits), BigInt(value)) === BigInt(value)).map(text);

/**
 * Attributes of Active Directory's users, one for each of its syntaxes and more of those that choose recipients.
 *
 * @param guids of the objects
 */
export const activeDirectoryVocabulary = (guids: readonly Buffer[]): Vocabulary => ({
  values: {
    displayName: textValues,
    mailNickname: textValues,
    proxyAddresses: textValues,
    description: textValues,
    mail: asciiValues,
    targetAddress: asciiValues,
    loginShell: asciiValues,
    destinationIndicator: asciiValues,
    telephoneNumber: phones.map(text),
    internationalISDNNumber: digits.map(text),
    msExchRecipientTypeDetails: within(64n),
    msExchRecipientDisplayType: within(32n),
    msExchHideFromAddressLists: ['TRUE', 'FALSE'].map(text),
    jpegPhoto: octets,
  },
  singleValued: [
    ...['displayName', 'mailNickname', 'mail', 'targetAddress', 'loginShell', 'telephoneNumber'],
    ...['msExchRecipientTypeDetails', 'msExchRecipientDisplayType', 'msExchHideFromAddressLists'],
  ],
  octets: ['jpegPhoto'],
  spellings: {
    displayName: ['displayName', 'DISPLAYNAME', '1.2.840.113556.1.2.13'],
  },
  others: {
    objectGUID: guids,
    userAccountControl: ['2', '512', '514', '546'].map(text),
    sAMAccountName: ['e1', 'E2', 'e1*'].map(text),
    unknownAttribute: asciiValues,
  },
  integer: 'msExchRecipientTypeDetails',
  classes: [['user'], ['inetOrgPerson']],
  classNames: [
    'top',
    'person',
    'organizationalPerson',
    'USER',
    'inetOrgPerson',
    'mailRecipient',
    'noSuchClass',
  ],
});
