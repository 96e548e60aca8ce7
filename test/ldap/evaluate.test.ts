import { expect, test } from 'vitest';
import { AttributeSlots } from '../../src/ldap/attribute-slots.ts';
import { EntryColumns } from '../../src/ldap/entry-columns.ts';
import { compileFilter, Unjudged } from '../../src/ldap/evaluate.ts';
import { parseFilter } from '../../src/ldap/filter.ts';
import type { ServerKind } from '../../src/ldap/matching-rules.ts';
import { MessageHeader } from '../../src/ldap/message-header.ts';
import { Schema } from '../../src/ldap/schema.ts';
import { FALSE, TRUE, UNDEFINED, UNSURE } from '../../src/ldap/truth.ts';
import { type Attributes, searchEntry } from './messages.ts';

/** As Active Directory writes its subschema: no matching rules. */
const activeDirectory = new Schema(
  [
    "( 1.2.840.113556.1.2.13 NAME 'displayName' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' SINGLE-VALUE )",
    "( 1.3.6.1.1.1.1.3 NAME 'unixHomeDirectory' SYNTAX '1.3.6.1.4.1.1466.115.121.1.26' SINGLE-VALUE )",
    "( 1.2.840.113556.1.4.8 NAME 'userAccountControl' SYNTAX '1.3.6.1.4.1.1466.115.121.1.27' SINGLE-VALUE )",
    "( 1.2.840.113556.1.4.7000 NAME 'msExchRecipientTypeDetails' SYNTAX '1.2.840.113556.1.4.906' SINGLE-VALUE )",
    "( 1.2.840.113556.1.4.2 NAME 'objectGUID' SYNTAX '1.3.6.1.4.1.1466.115.121.1.40' SINGLE-VALUE NO-USER-MODIFICATION )",
    "( 1.2.840.113556.1.4.782 NAME 'objectCategory' SYNTAX '1.3.6.1.4.1.1466.115.121.1.12' SINGLE-VALUE )",
    "( 1.2.840.113556.1.2.2 NAME 'whenCreated' SYNTAX '1.3.6.1.4.1.1466.115.121.1.24' SINGLE-VALUE )",
    "( 1.2.840.113556.1.2.9 NAME 'hidden' SYNTAX '1.3.6.1.4.1.1466.115.121.1.7' SINGLE-VALUE )",
    "( 2.5.4.0 NAME 'objectClass' SYNTAX '1.3.6.1.4.1.1466.115.121.1.38' )",
  ],
  [
    "( 2.5.6.0 NAME 'top' ABSTRACT MUST (objectClass $ objectCategory ) MAY (cn ) )",
    "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST (cn ) MAY (sn ) )",
    "( 1.2.840.113556.1.5.9 NAME 'user' SUP person STRUCTURAL )",
  ],
);

const entry: Attributes = [
  ['objectClass', ['top', 'person', 'user']],
  ['displayName', ["Jo-Ann O'Neil"]],
  ['unixHomeDirectory', ['/home/Jo']],
  ['userAccountControl', ['514']],
  ['msExchRecipientTypeDetails', ['2147483648']],
  ['objectGUID', [Buffer.from('00ff41', 'hex')]],
  ['hidden', ['TRUE']],
];

function outcome(
  text: string,
  server: ServerKind = 'activeDirectory',
  attributes = entry,
  schema = activeDirectory,
): number | string {
  const slots = new AttributeSlots(schema);
  const evaluator = compileFilter(parseFilter(text), { server, schema, slots });
  if (evaluator instanceof Unjudged) return evaluator.reason;
  const columns = new EntryColumns(slots);
  const header = new MessageHeader();
  const bytes = searchEntry(1, 'cn=a', attributes);
  header.read(bytes, 0, bytes.length);
  columns.decode(bytes, header.start, header.end);
  return evaluator(columns);
}

test.each([
  ["(displayName=jo-ann o'neil)", TRUE],
  ['(displayName=Joe)', FALSE],
  ['(displayName=Jo*)', TRUE],
  ["(displayName=jo-a*N O'n*)", TRUE],
  ['(displayName=*x*)', FALSE],
  ['(unixHomeDirectory=/home/Jo)', TRUE],
  ['(unixHomeDirectory=/home/Bo)', FALSE],
  ['(userAccountControl:1.2.840.113556.1.4.803:=2)', TRUE],
  ['(!(userAccountControl:1.2.840.113556.1.4.803:=2))', FALSE],
  ['(userAccountControl:1.2.840.113556.1.4.804:=1)', FALSE],
  ['(userAccountControl>=514)', TRUE],
  ['(userAccountControl<=99)', FALSE],
  ['(msExchRecipientTypeDetails=2147483648)', TRUE],
  ['(msExchRecipientTypeDetails>=8589934592)', FALSE],
  ['(msExchRecipientTypeDetails:1.2.840.113556.1.4.804:=2147483649)', TRUE],
  ['(objectGUID=\\00\\ff\\41)', TRUE],
  ['(objectGUID=\\00\\ff\\42)', FALSE],
  ['(hidden=TRUE)', TRUE],
  ['(!(hidden=FALSE))', TRUE],
  ['(objectClass=person)', TRUE],
  ['(objectClass=*)', TRUE],
  ['(objectCategory=*)', FALSE],
  ['(!(whenCreated=*))', TRUE],
  ['(&(objectClass=user)(|(displayName=x)(hidden=TRUE)))', TRUE],
])('on Active Directory %s is %i', (text, truth) => {
  expect(outcome(text)).toBe(truth);
});

test.each([
  ["(displayName=joann o'neil)", 'hyphens may be passed over'],
  ['(displayName=Jo-Ann  O*)', 'spaces may be folded'],
  ['(displayName=*oann*)', 'hyphens may be passed over'],
  ["(displayName=J\u00f6-Ann O'Neil)", 'accents may be passed over'],
  ['(unixHomeDirectory=/home/JO)', 'case may matter'],
  ['(unixHomeDirectory=/HOME*)', 'case may matter'],
])('on Active Directory nobody but the server knows %s: %s', (text) => {
  expect(outcome(text)).toBe(UNSURE);
});

test.each([
  ['(anr=jo)', 'ambiguous name resolution'],
  ['(1.2.840.113556.1.2.13=jo)', 'is an OID'],
  ['(displayName>=jo)', 'ordering of displayName'],
  ['(objectCategory=person)', 'equality of objectCategory'],
  ['(objectCategory=CN=Person,CN=Schema)', 'equality of objectCategory'],
  ['(whenCreated>=20240101000000.0Z)', 'ordering of whenCreated'],
  ['(userAccountControl=2147483648)', 'value asserted of userAccountControl'],
  ['(userAccountControl:1.2.840.113556.1.4.803:=0)', 'value asserted of userAccountControl'],
  ['(userAccountControl:1.2.840.113556.1.4.1941:=2)', '1.2.840.113556.1.4.1941'],
  ['(hidden=true)', 'value asserted of hidden'],
  ['(objectGUID=S-1-5)', 'value asserted of objectGUID'],
  ['(mailNickname=x)', "mailNickname is not in the server's schema"],
  ['(objectClass=contact)', 'object class contact'],
  ['(&)', 'an empty list'],
])('on Active Directory %s is left to the server: %s', (text, reason) => {
  expect(outcome(text)).toContain(reason);
});

test('of a server that nobody knows, an absent attribute may be False or Undefined', () => {
  expect(outcome('(objectCategory=*)', 'other')).toBe(FALSE | UNDEFINED);
  expect(outcome('(!(objectCategory=*))', 'other')).toBe(TRUE | UNDEFINED);
  expect(outcome('(|(objectCategory=*)(objectClass=user))', 'other')).toBe(TRUE);
  expect(outcome('(displayName=x)', 'other')).toContain('the schema names no equality rule');
});

test('a value that slapd can not compare spoils the others of its attribute', () => {
  const filter = '(userAccountControl:1.2.840.113556.1.4.803:=2)';
  const values = (...some: string[]): Attributes => [['userAccountControl', some]];
  const integers = new Schema(
    ["( 1.2.3 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )"],
    [],
  );
  expect(outcome(filter, 'openldap', values('1', '3'), integers)).toBe(TRUE);
  expect(outcome(filter, 'openldap', values('3', '99999999999999999999'), integers)).toBe(UNSURE);
  expect(outcome(filter, 'openldap', values('99999999999999999999', '3'), integers)).toBe(UNSURE);
});
