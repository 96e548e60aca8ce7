import fc from 'fast-check';
import type { Filter } from '../../src/ldap/filter.ts';

/** Entries and filters over `rules.schema`, chosen so that filters often match and often nearly match. */

const words = [
  ...[
    'Anna',
    'anna',
    'ANNA',
    'Anna Maria',
    'Anna  Maria',
    ' Anna',
    'Anna ',
    'AnnaMaria',
    'Ann',
    'Bo',
    'b',
    'B c',
  ],
  ...[
    "O'Neil",
    'co-op',
    'coop',
    'a*b',
    'a(b)',
    'a\\b',
    'x_y',
    'X^Y',
    'a\tb',
    '0',
    '12',
    'TRUE',
    'smtp:a@b.c',
  ],
];
const unicode = [
  'É',
  'é',
  'e\u0301',
  'Élan',
  'elan',
  'straße',
  'STRASSE',
  '\u212a',
  'k',
  '\ufb01n',
  'fin',
  'a\u00adb',
  'Ångström',
  'añb',
];
const integers = [
  '0',
  '1',
  '2',
  '3',
  '5',
  '6',
  '7',
  '-1',
  '-8',
  '10',
  '512',
  '514',
  '66048',
  '2147483648',
  '8589934592',
  '-2147483648',
  '9223372036854775807',
  '-9223372036854775808',
  '123456789012345678901234',
];
const phones = ['+44 131 650 1000', '+441316501000', '+44-131-650-1000', '1000', '2000'];
const digits = ['1 2 3', '123', '12', '0123'];
const names = ['cn=A,dc=test', 'CN=a,DC=test', 'cn=a\\2cb,dc=test', 'cn=b,dc=test'];
const octets = ['00', '00ff', 'ff', '616263', '41'];

const text = (value: string) => Buffer.from(value);
const textValues = [...words, ...unicode].map(text);
const asciiValues = words.map(text);
const values: Record<string, Buffer[]> = {
  xIgnore: textValues,
  xExact: textValues,
  xIa5Ignore: asciiValues,
  xIa5Exact: asciiValues,
  xInteger: integers.map(text),
  xBoolean: ['TRUE', 'FALSE'].map(text),
  xOctets: octets.map((value) => Buffer.from(value, 'hex')),
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
};
const classes = [['xBase'], ['xPerson'], ['xEmployee'], ['xBase', 'xMailbox'], ['xEmployee', 'xMailbox']];

export interface RandomEntry {
  readonly classes: readonly string[];
  readonly attributes: readonly (readonly [string, readonly Buffer[]])[];
}

export const randomEntry: fc.Arbitrary<RandomEntry> = fc.record({
  classes: fc.constantFrom(...classes),
  attributes: fc.subarray(Object.keys(values), { maxLength: 8 }).chain((chosen) =>
    fc.tuple(
      ...chosen.map((name) =>
        fc
          .uniqueArray(fc.constantFrom(...(values[name] ?? [])), {
            minLength: 1,
            maxLength: 3,
            selector: (value) => folded(name, value),
          })
          .map((some) => [name, some] as const),
      ),
    ),
  ),
});

/** Values that slapd takes for the same one can't both be in an entry. */
function folded(name: string, value: Buffer): string {
  if (name === 'xOctets') return value.toString('hex');
  return value
    .toString()
    .normalize('NFKD')
    .toLowerCase()
    .replace('ß', 'ss')
    .replaceAll(/[\s-]|\u00ad/g, '')
    .replace('\\2c', ',');
}

const spellings: Record<string, readonly string[]> = {
  xAlias: ['xAlias', 'XALIAS', 'xOtherName', '1.3.6.1.4.1.4203.666.11.98.15'],
  xIgnore: ['xIgnore', 'xignore', '1.3.6.1.4.1.4203.666.11.98.1', 'xIgnore;lang-de'],
};
const filterAttributes = [
  ...Object.keys(values).filter((name) => !name.includes(';')),
  'xNever',
  'unknownAttribute',
];

const assertedValue = (attribute: string): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...(values[attribute] ?? asciiValues)) },
    { weight: 2, arbitrary: fc.constantFrom(...textValues, ...integers.map(text)) },
    { weight: 1, arbitrary: fc.constantFrom('', '007', '-0', 'true', '\u0000', ' ').map(text) },
    { weight: 1, arbitrary: fc.constant(Buffer.from([0xff, 0xfe])) },
  );

const piece = (attribute: string): fc.Arbitrary<Buffer> =>
  fc
    .tuple(fc.constantFrom(...(values[attribute] ?? asciiValues)), fc.nat(4), fc.integer({ min: 1, max: 4 }))
    .map(([value, start, length]) => {
      const cut = value.subarray(start, start + length);
      return cut.length > 0 ? cut : value.subarray(0, 1);
    });

/** A filter without and, or and not. */
export const randomItem: fc.Arbitrary<Filter> = fc.constantFrom(...filterAttributes).chain((name) => {
  const attribute = fc.constantFrom(...(spellings[name] ?? [name]));
  const valued = (kind: 'equal' | 'greaterOrEqual' | 'lessOrEqual' | 'approx') =>
    fc.record({ kind: fc.constant(kind), attribute, value: assertedValue(name) });
  const bits = fc.record({
    kind: fc.constant('extensible' as const),
    attribute: fc.constantFrom(name, 'xInteger', undefined),
    rule: fc.constantFrom('1.2.840.113556.1.4.803', '1.2.840.113556.1.4.804', 'caseExactMatch'),
    value: fc.constantFrom(...integers.map(text)),
    dnAttributes: fc.constant(false),
  });
  return fc.oneof<fc.WeightedArbitrary<Filter>[]>(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('present' as const), attribute }) },
    { weight: 6, arbitrary: valued('equal') },
    { weight: 2, arbitrary: valued('greaterOrEqual') },
    { weight: 2, arbitrary: valued('lessOrEqual') },
    { weight: 1, arbitrary: valued('approx') },
    { weight: 4, arbitrary: substrings(attribute, name) },
    { weight: name === 'xInteger' ? 6 : 1, arbitrary: bits },
    { weight: 2, arbitrary: objectClass },
  );
});

function substrings(attribute: fc.Arbitrary<string>, name: string): fc.Arbitrary<Filter> {
  return fc
    .record({
      kind: fc.constant('substrings' as const),
      attribute,
      initial: fc.option(piece(name), { nil: undefined }),
      any: fc.array(piece(name), { maxLength: 2 }),
      final: fc.option(piece(name), { nil: undefined }),
    })
    .filter(({ initial, any, final }) => initial !== undefined || any.length > 0 || final !== undefined);
}

const objectClass: fc.Arbitrary<Filter> = fc
  .constantFrom(
    'top',
    'xBase',
    'XPERSON',
    'xHuman',
    'xEmployee',
    'xMailbox',
    '1.3.6.1.4.1.4203.666.11.98.53',
    'noSuchClass',
    '1.2.3.4',
  )
  .map((name) => ({ kind: 'equal', attribute: 'objectClass', value: text(name) }));

export const randomFilter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    randomItem,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      filters: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), filter: tie('filter') }),
  ),
})).filter;

/** The string form, with every byte escaped that could mean something. */
export function filterText(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
      return `(&${filter.filters.map(filterText).join('')})`;
    case 'or':
      return `(|${filter.filters.map(filterText).join('')})`;
    case 'not':
      return `(!${filterText(filter.filter)})`;
    case 'present':
      return `(${filter.attribute}=*)`;
    case 'substrings': {
      const pieces = [filter.initial, ...filter.any, filter.final].map((piece) =>
        escaped(piece ?? Buffer.alloc(0)),
      );
      return `(${filter.attribute}=${pieces.join('*')})`;
    }
    case 'extensible':
      return `(${filter.attribute ?? ''}${filter.dnAttributes ? ':dn' : ''}${filter.rule === undefined ? '' : `:${filter.rule}`}:=${escaped(filter.value)})`;
    default: {
      const operator = { equal: '=', greaterOrEqual: '>=', lessOrEqual: '<=', approx: '~=' }[filter.kind];
      return `(${filter.attribute}${operator}${escaped(filter.value)})`;
    }
  }
}

function escaped(value: Uint8Array): string {
  let written = '';
  for (const byte of value) {
    const character = String.fromCharCode(byte);
    written += /[0-9A-Za-z.@ ]/.test(character) ? character : `\\${byte.toString(16).padStart(2, '0')}`;
  }
  return written;
}
