import fc from 'fast-check';
import type { Filter } from '../../src/ldap/filter.ts';
import { asciiValues, integers, text, textValues } from './filter-words.ts';

/** Entries and filters, chosen so that filters often match and often nearly match. */
export interface Vocabulary {
  /** Of each attribute that entries have: what its values are chosen from. */
  readonly values: Readonly<Record<string, readonly Buffer[]>>;
  /** What else an attribute is called in filters. */
  readonly spellings: Readonly<Record<string, readonly string[]>>;
  /** Attributes that filters look at and entries aren't given: what filters compare them with. */
  readonly others: Readonly<Record<string, readonly Buffer[]>>;
  readonly singleValued: readonly string[];
  /** Attributes whose values are compared as bytes. */
  readonly octets: readonly string[];
  /** What the bit rules are tried on besides everything else. */
  readonly integer: string;
  /** The classes of entries, and names of classes in filters. */
  readonly classes: readonly (readonly string[])[];
  readonly classNames: readonly string[];
}

export interface RandomEntry {
  readonly classes: readonly string[];
  readonly attributes: readonly (readonly [string, readonly Buffer[]])[];
}

export function randomEntries({
  values,
  classes,
  singleValued,
  octets,
}: Vocabulary): fc.Arbitrary<RandomEntry> {
  return fc.record({
    classes: fc.constantFrom(...classes),
    attributes: fc.subarray(Object.keys(values), { maxLength: 8 }).chain((chosen) =>
      fc.tuple(
        ...chosen.map((name) =>
          fc
            .uniqueArray(fc.constantFrom(...(values[name] ?? [])), {
              minLength: 1,
              maxLength: singleValued.includes(name) ? 1 : 3,
              selector: (value) => (octets.includes(name) ? value.toString('hex') : folded(value)),
            })
            .map((some) => [name, some] as const),
        ),
      ),
    ),
  });
}

/** Values that a server takes for the same one can't both be in an entry. */
function folded(value: Buffer): string {
  return value
    .toString()
    .normalize('NFKD')
    .toLowerCase()
    .replace('ß', 'ss')
    .replaceAll(/[\s-]|\u00ad/g, '')
    .replace('\\2c', ',');
}

/** Filters without and, or and not. */
export function randomItems(vocabulary: Vocabulary): fc.Arbitrary<Filter> {
  const { spellings, integer } = vocabulary;
  const values: Vocabulary['values'] = { ...vocabulary.values, ...vocabulary.others };
  const names = Object.keys(values).filter((name) => !name.includes(';'));
  const objectClass: fc.Arbitrary<Filter> = fc
    .constantFrom(...vocabulary.classNames)
    .map((name) => ({ kind: 'equal', attribute: 'objectClass', value: text(name) }));
  return fc.constantFrom(...names).chain((name) => {
    const attribute = fc.constantFrom(...(spellings[name] ?? [name]));
    const likely = values[name] ?? asciiValues;
    const valued = (kind: 'equal' | 'greaterOrEqual' | 'lessOrEqual' | 'approx') =>
      fc.record({ kind: fc.constant(kind), attribute, value: assertedValue(likely) });
    const bits = fc.record({
      kind: fc.constant('extensible' as const),
      attribute: fc.constantFrom(name, integer, undefined),
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
      { weight: 4, arbitrary: substrings(attribute, likely) },
      { weight: name === integer ? 6 : 1, arbitrary: bits },
      { weight: 2, arbitrary: objectClass },
    );
  });
}

const assertedValue = (likely: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...likely) },
    { weight: 2, arbitrary: fc.constantFrom(...textValues, ...integers.map(text)) },
    { weight: 1, arbitrary: fc.constantFrom('', '007', '-0', 'true', '\u0000', ' ').map(text) },
    { weight: 1, arbitrary: fc.constant(Buffer.from([0xff, 0xfe])) },
  );

function substrings(attribute: fc.Arbitrary<string>, likely: readonly Buffer[]): fc.Arbitrary<Filter> {
  const piece = fc
    .tuple(fc.constantFrom(...likely), fc.nat(4), fc.integer({ min: 1, max: 4 }))
    .map(([value, start, length]) => {
      const cut = value.subarray(start, start + length);
      return cut.length > 0 ? cut : value.subarray(0, 1);
    });
  return fc
    .record({
      kind: fc.constant('substrings' as const),
      attribute,
      initial: fc.option(piece, { nil: undefined }),
      any: fc.array(piece, { maxLength: 2 }),
      final: fc.option(piece, { nil: undefined }),
    })
    .filter(({ initial, any, final }) => initial !== undefined || any.length > 0 || final !== undefined);
}

/** That an attribute is none of some numbers. */
function exclusions({ integer, singleValued }: Vocabulary): fc.Arbitrary<Filter> {
  const attribute = fc.constantFrom(integer, ...singleValued);
  const value = fc.constantFrom(...integers.map(text));
  const equal = attribute.map((name) =>
    value.map((each): Filter => ({ kind: 'equal', attribute: name, value: each })),
  );
  return equal
    .chain((each) => fc.array(each, { minLength: 2, maxLength: 5 }))
    .map((filters) => ({ kind: 'not', filter: { kind: 'or', filters } }));
}

export function randomFilters(vocabulary: Vocabulary): fc.Arbitrary<Filter> {
  const item = fc.oneof(
    { weight: 8, arbitrary: randomItems(vocabulary) },
    { weight: 1, arbitrary: exclusions(vocabulary) },
  );
  return fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      item,
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        filters: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('not' as const), filter: tie('filter') }),
    ),
  })).filter;
}

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
