import { asciiValues, digits, integers, names, octets, phones, text, textValues } from './filter-words.ts';
import type { Vocabulary } from './random-filters.ts';

/** The attributes and classes of `rules.schema`, one for each matching rule that slapd has. */
export const rulesVocabulary: Vocabulary = {
  values: {
    xIgnore: textValues,
    xExact: textValues,
    xIa5Ignore: asciiValues,
    xIa5Exact: asciiValues,
    xInteger: integers.map(text),
    xNumber: integers.map(text),
    xBoolean: ['TRUE', 'FALSE'].map(text),
    xOctets: octets,
    xPhone: phones.map(text),
    xDigits: digits.map(text),
    xName: names.map(text),
    xSuper: asciiValues,
    xSub: asciiValues,
    'xIgnore;lang-de': asciiValues,
    xBare: asciiValues,
    xEqualityOnly: textValues,
    xAlias: asciiValues,
    xUnreadable: asciiValues,
    xHidden: asciiValues,
  },
  singleValued: ['xNumber'],
  octets: ['xOctets'],
  spellings: {
    xAlias: ['xAlias', 'XALIAS', 'xOtherName', '1.3.6.1.4.1.4203.666.11.98.15'],
    xIgnore: ['xIgnore', 'xignore', '1.3.6.1.4.1.4203.666.11.98.1', 'xIgnore;lang-de'],
  },
  others: { xNever: asciiValues, unknownAttribute: asciiValues },
  integer: 'xInteger',
  classes: [['xBase'], ['xPerson'], ['xEmployee'], ['xBase', 'xMailbox'], ['xEmployee', 'xMailbox']],
  classNames: [
    'top',
    'xBase',
    'XPERSON',
    'xHuman',
    'xEmployee',
    'xMailbox',
    '1.3.6.1.4.1.4203.666.11.98.53',
    'noSuchClass',
    '1.2.3.4',
  ],
};
