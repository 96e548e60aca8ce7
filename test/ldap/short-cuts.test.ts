import { expect, test } from 'vitest';
import { parseFilter } from '../../src/ldap/filter.ts';
import type { ServerKind } from '../../src/ldap/matching-rules.ts';
import { Schema } from '../../src/ldap/schema.ts';
import { withShortCuts } from '../../src/ldap/short-cuts.ts';

const integer = 'EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27';
const schema = new Schema(
  [
    `( 1.1 NAME ( 'kind' 'type' ) ${integer} SINGLE-VALUE )`,
    `( 1.2 NAME 'many' ${integer} )`,
    `( 1.3 NAME 'above' ${integer} SINGLE-VALUE )`,
    `( 1.4 NAME 'below' SUP above SINGLE-VALUE )`,
    "( 1.5 NAME 'unordered' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
    "( 1.6 NAME 'text' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
  ],
  [],
);

const shortened = (text: string, server: ServerKind = 'openldap') =>
  withShortCuts(parseFilter(text), schema, server);

test('that a number is less than all that it must not be is asked before them', () => {
  const exclusion = '(!(|(kind=20)(kind=9)(KIND=1000)))';
  expect(shortened(`(|(a=1)(&(mail=*)${exclusion}))`)).toEqual(
    parseFilter(`(|(a=1)(&(mail=*)(|(kind<=8)${exclusion})))`),
  );
  expect(shortened('(!(|(kind=0)(kind=-5)(kind=7)))')).toEqual(
    parseFilter('(|(kind<=-6)(!(|(kind=0)(kind=-5)(kind=7))))'),
  );
});

test.each([
  ['few tests', '(!(|(kind=1)(kind=2)))'],
  ['several values', '(!(|(many=1)(many=2)(many=3)))'],
  ['values of subtypes', '(!(|(above=1)(above=2)(above=3)))'],
  ['no order', '(!(|(unordered=1)(unordered=2)(unordered=3)))'],
  ['no number', '(!(|(text=1)(text=2)(text=3)))'],
  ['an unknown attribute', '(!(|(none=1)(none=2)(none=3)))'],
  ['two attributes', '(!(|(kind=1)(kind=2)(below=3)))'],
  ['another test', '(!(|(kind=1)(kind=2)(kind=*)))'],
  ['another test in front', '(!(|(kind=*)(kind=1)(kind=2)))'],
  ['a value that is no number', '(!(|(kind=1)(kind=2)(kind=007)))'],
  ['the least number there is', '(!(|(kind=1)(kind=2)(kind=-9223372036854775808)))'],
  ['a conjunction', '(!(&(kind=1)(kind=2)(kind=3)))'],
  ['an exclusion that is excluded', '(!(!(|(kind=1)(kind=2)(kind=3))))'],
])('there is no short cut for %s', (_, text) => {
  expect(shortened(text)).toEqual(parseFilter(text));
});

test('Active Directory, whose schema names no rules, orders every integer', () => {
  const text = '(!(|(unordered=1)(unordered=2)(unordered=3)))';
  expect(shortened(text, 'activeDirectory')).toEqual(parseFilter(`(|(unordered<=0)${text})`));
});
