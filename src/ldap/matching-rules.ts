import type { AttributeType } from './schema.ts';
import { certainBytes, type TextRule } from './text-match.ts';
import { FALSE, UNDEFINED } from './truth.ts';

/** Whose habits a server has. Active Directory is Samba too. */
export type ServerKind = 'activeDirectory' | 'openldap' | 'other';

/** How an attribute's values are compared, or why that can't be told here. */
export type Comparison =
  | { readonly kind: 'text'; readonly rule: TextRule; readonly isUtf8: boolean }
  | { readonly kind: 'integer'; readonly bits: 32 | 64 }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'octets' }
  | { readonly kind: 'objectClass' }
  /** The server has no rule to compare by: the filter is Undefined. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly reason: string };

const printable = certainBytes(() => true);
/** Windows passes over hyphens and apostrophes in some of its comparisons. */
const noMinorPunctuation = certainBytes((byte) => byte !== 0x27 && byte !== 0x2d);
/** Telephone numbers and the like are compared without spaces and hyphens. */
const alphanumeric = certainBytes((byte) => /[0-9A-Za-z]/.test(String.fromCharCode(byte)));

const text = (fold: TextRule['fold'], isUtf8: boolean, certain = printable): Comparison => ({
  kind: 'text',
  rule: { fold, certain, different: FALSE },
  isUtf8,
});
const loose: Comparison = {
  kind: 'text',
  rule: { fold: 'unsure', certain: alphanumeric, different: FALSE | UNDEFINED },
  isUtf8: false,
};

/** The rules of RFC 4517 that are known here, by OID and by name: for equality, and the ordering and substrings that go with it. */
const known: readonly [equality: string[], ordering: string[], substrings: string[], Comparison][] = [
  [
    ['2.5.13.2', 'caseignorematch'],
    ['2.5.13.3', 'caseignoreorderingmatch'],
    ['2.5.13.4', 'caseignoresubstringsmatch'],
    text('ignore', true),
  ],
  [
    ['2.5.13.5', 'caseexactmatch'],
    ['2.5.13.6', 'caseexactorderingmatch'],
    ['2.5.13.7', 'caseexactsubstringsmatch'],
    text('exact', true),
  ],
  [
    ['1.3.6.1.4.1.1466.109.114.2', 'caseignoreia5match'],
    [],
    ['1.3.6.1.4.1.1466.109.114.3', 'caseignoreia5substringsmatch'],
    text('ignore', false),
  ],
  [
    ['1.3.6.1.4.1.1466.109.114.1', 'caseexactia5match'],
    [],
    ['1.3.6.1.4.1.4203.1.2.1', 'caseexactia5substringsmatch'],
    text('exact', false),
  ],
  [['2.5.13.8', 'numericstringmatch'], [], [], loose],
  [['2.5.13.20', 'telephonenumbermatch'], [], [], loose],
  [['2.5.13.14', 'integermatch'], ['2.5.13.15', 'integerorderingmatch'], [], { kind: 'integer', bits: 64 }],
  [['2.5.13.13', 'booleanmatch'], [], [], { kind: 'boolean' }],
  [['2.5.13.17', 'octetstringmatch'], [], [], { kind: 'octets' }],
];

/** Active Directory names no matching rules in its subschema: they follow from the syntax. */
const bySyntax = new Map<string, Comparison>([
  ['1.3.6.1.4.1.1466.115.121.1.15', text('ignore', true, noMinorPunctuation)],
  ['1.2.840.113556.1.4.905', text('ignore', false, noMinorPunctuation)],
  ['1.3.6.1.4.1.1466.115.121.1.26', text('unsure', false, noMinorPunctuation)],
  ['1.3.6.1.4.1.1466.115.121.1.44', text('unsure', false, noMinorPunctuation)],
  ['1.3.6.1.4.1.1466.115.121.1.36', loose],
  ['1.3.6.1.4.1.1466.115.121.1.27', { kind: 'integer', bits: 32 }],
  ['1.2.840.113556.1.4.906', { kind: 'integer', bits: 64 }],
  ['1.3.6.1.4.1.1466.115.121.1.7', { kind: 'boolean' }],
  ['1.3.6.1.4.1.1466.115.121.1.40', { kind: 'octets' }],
]);

const isObjectClass = (type: AttributeType) =>
  type.names.includes('2.5.4.0') || type.names.includes('objectclass');

/** @param name the attribute, as the filter has it */
export function comparison(
  name: string,
  type: AttributeType,
  use: 'equality' | 'ordering' | 'substrings',
  server: ServerKind,
): Comparison {
  if (isObjectClass(type)) {
    return use === 'equality'
      ? { kind: 'objectClass' }
      : { kind: 'unknown', reason: 'objectClass is only compared' };
  }
  return server === 'activeDirectory' ? fromSyntax(name, type, use) : fromRules(name, type, use, server);
}

function fromRules(
  attribute: string,
  type: AttributeType,
  use: 'equality' | 'ordering' | 'substrings',
  server: ServerKind,
): Comparison {
  const name = type[use];
  if (name === undefined) {
    if (server === 'openldap') return { kind: 'none' };
    return {
      kind: 'unknown',
      reason: `the schema names no ${use} rule for ${attribute}`,
    };
  }
  const column = { equality: 0, ordering: 1, substrings: 2 } as const;
  const found = known.find((rule) => rule[column[use]].includes(name));
  // A substrings or ordering rule takes the asserted value through the equality rule: both have to be of one kind.
  const equality = type.equality;
  const fits = found !== undefined && equality !== undefined && found[0].includes(equality);
  return fits ? found[3] : { kind: 'unknown', reason: `the matching rule ${name} is the server's to judge` };
}

function fromSyntax(
  name: string,
  type: AttributeType,
  use: 'equality' | 'ordering' | 'substrings',
): Comparison {
  const found = bySyntax.get(type.syntax ?? '');
  if (found !== undefined) {
    if (use === 'equality') return found;
    if (use === 'ordering' && found.kind === 'integer') return found;
    if (use === 'substrings' && found.kind === 'text' && found !== loose) return found;
  }
  return { kind: 'unknown', reason: `the ${use} of ${name} is the server's to judge` };
}
