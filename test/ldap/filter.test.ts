import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FilterError, parseFilter } from '../../src/ldap/filter.ts';
import { encodeFilter } from '../../src/ldap/filter-ber.ts';
import { filterText, randomFilters } from './random-filters.ts';
import { rulesVocabulary } from './rules-vocabulary.ts';

test('a filter is read as it was written', () => {
  fc.assert(
    fc.property(randomFilters(rulesVocabulary), (filter) => {
      expect(parseFilter(filterText(filter))).toEqual(filter);
    }),
    { numRuns: 2000 },
  );
});

test('escapes stand for bytes, and everything else for its UTF-8', () => {
  expect(parseFilter('(cn=\\00\\fF\\2a\\28x\\29 é=~<>:)')).toEqual({
    kind: 'equal',
    attribute: 'cn',
    value: Buffer.concat([Buffer.from([0, 0xff]), Buffer.from('*(x) é=~<>:')]),
  });
});

test.each([
  ['(cn=*)', { kind: 'present', attribute: 'cn' }],
  ['(cn=)', { kind: 'equal', attribute: 'cn', value: Buffer.alloc(0) }],
  ['(cn=a*)', { kind: 'substrings', attribute: 'cn', initial: Buffer.from('a'), any: [], final: undefined }],
  [
    '(cn=*a*b*)',
    {
      kind: 'substrings',
      attribute: 'cn',
      initial: undefined,
      any: [Buffer.from('a'), Buffer.from('b')],
      final: undefined,
    },
  ],
  ['(2.5.4.3;lang-de>=a)', { kind: 'greaterOrEqual', attribute: '2.5.4.3;lang-de', value: Buffer.from('a') }],
  ['(&)', { kind: 'and', filters: [] }],
  [
    '(member:dn:1.2.3:=a)',
    { kind: 'extensible', attribute: 'member', rule: '1.2.3', value: Buffer.from('a'), dnAttributes: true },
  ],
  [
    '(:caseExactMatch:=a)',
    {
      kind: 'extensible',
      attribute: undefined,
      rule: 'caseExactMatch',
      value: Buffer.from('a'),
      dnAttributes: false,
    },
  ],
  [
    '(cn:=a)',
    { kind: 'extensible', attribute: 'cn', rule: undefined, value: Buffer.from('a'), dnAttributes: false },
  ],
])('%s', (text, filter) => {
  expect(parseFilter(text)).toEqual(filter);
});

test('white space may stand between filters, and counts inside values', () => {
  const long = ' (|\n  (cn=a b )\n\t( ! (sn= c)\r\n) )\n';
  expect(parseFilter(long)).toEqual({
    kind: 'or',
    filters: [
      { kind: 'equal', attribute: 'cn', value: Buffer.from('a b ') },
      { kind: 'not', filter: { kind: 'equal', attribute: 'sn', value: Buffer.from(' c') } },
    ],
  });
});

test.each([
  ['', 1, "expected '('"],
  ['cn=a', 1, "expected '('"],
  ['(cn=a', 6, "expected ')'"],
  ['(cn=a))', 7, 'unexpected text'],
  ['(&(cn=a)', 9, "expected ')'"],
  ['(&(cn=a)x)', 9, "expected ')'"],
  ['(!(a=1)(b=2))', 8, "expected ')'"],
  ['(=a)', 2, 'expected an attribute'],
  ['(c n=a)', 2, 'expected an attribute'],
  ['(cn)', 4, 'expected one of'],
  ['(cn>a)', 4, 'expected one of'],
  ['(cn=a(b)', 6, "expected ')'"],
  ['(cn=a\\)', 6, 'hexadecimal'],
  ['(cn=a\\2)', 6, 'hexadecimal'],
  ['(cn=a\\zz)', 6, 'hexadecimal'],
  ['(cn=a**b)', 7, "two '*'"],
  ['(cn>=a*)', 7, "expected ')'"],
  ['(cn=a\0)', 6, 'NUL'],
  ['(:=a)', 2, 'expected an attribute or a matching rule'],
  ['(cn:a b:=c)', 4, 'the name of a matching rule'],
  ['(cn:dn=a)', 4, "expected ':='"],
  [`${'(!'.repeat(102)}(a=1)${')'.repeat(102)}`, 203, 'nested too deeply'],
])('%j is refused at character %i: %s', (text, character, problem) => {
  try {
    parseFilter(text);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    expect(error.message).toContain(problem);
    expect(error.position + 1).toBe(character);
    expect(error.message).toContain(`at character ${character} of the filter`);
    return;
  }
  throw new Error('taken');
});

test('the encoding is that of RFC 4511', () => {
  const bytes = encodeFilter(parseFilter('(&(cn=\\00\\ff)(!(sn=*))(sn=a*b*c)(cn:dn:2.5.13.2:=x))'));
  expect(bytes.toString('hex')).toBe(
    [
      'a037',
      'a308' + '0402636e' + '040200ff',
      'a204' + '8702736e',
      'a40f' + '0402736e' + '3009' + '800161' + '810162' + '820163',
      'a914' + '8108322e352e31332e32' + '8202636e' + '830178' + '8401ff',
    ].join(''),
  );
});
