import type { AttributeSlots } from './attribute-slots.ts';
import type { EntryColumns } from './entry-columns.ts';
import type { ExtensibleFilter, Filter, SubstringsFilter, ValueFilter } from './filter.ts';
import { boundedInteger, compareIntegers, isInteger } from './integer-match.ts';
import { type Comparison, comparison, type ServerKind } from './matching-rules.ts';
import type { AttributeType, Schema } from './schema.ts';
import { equalText, orderText, substringsMatcher } from './text-match.ts';
import { and, FALSE, not, or, TRUE, type Truth, UNDEFINED, UNSURE } from './truth.ts';

/** What a filter comes to on an entry, as the server would have it. */
export type Evaluator = (entry: EntryColumns) => Truth;

/** What a single value comes to. */
type ValueTest = (bytes: Uint8Array, start: number, end: number) => Truth;

export interface FilterContext {
  readonly server: ServerKind;
  readonly schema: Schema;
  /** Gets the attributes that the filter looks at. */
  readonly slots: AttributeSlots;
}

/** Why a filter is left to the server; it then gets a search of its own. */
export class Unjudged {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * Makes a function that evaluates a filter on the entries of an answer exactly as the server does, or tells where it can't
 * (the value is UNSURE), or that it never can (an `Unjudged`).
 */
export function compileFilter(filter: Filter, context: FilterContext): Evaluator | Unjudged {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return compileList(filter.kind, filter.filters, context);
    case 'not': {
      const inner = compileFilter(filter.filter, context);
      return inner instanceof Unjudged ? inner : (entry) => not(inner(entry));
    }
    case 'approx':
      return new Unjudged("an approximate match is the server's to judge");
    case 'extensible':
      return compileExtensible(filter, context);
    default:
      return compileItem(filter, context);
  }
}

function compileList(
  kind: 'and' | 'or',
  filters: readonly Filter[],
  context: FilterContext,
): Evaluator | Unjudged {
  if (filters.length === 0 && context.server !== 'openldap') {
    return new Unjudged("an empty list of filters is the server's to judge");
  }
  const parts: Evaluator[] = [];
  for (const filter of filters) {
    const part = compileFilter(filter, context);
    if (part instanceof Unjudged) return part;
    parts.push(part);
  }
  const [start, end, combine] = kind === 'and' ? [TRUE, FALSE, and] : [FALSE, TRUE, or];
  return (entry) => {
    let truth: Truth = start;
    for (let i = 0; i < parts.length && truth !== end; i++) truth = combine(truth, parts[i](entry));
    return truth;
  };
}

function compileItem(
  filter: Extract<Filter, { readonly attribute: string }>,
  context: FilterContext,
): Evaluator | Unjudged {
  const type = judgedType(filter.attribute, context);
  if (type instanceof Unjudged) return type;
  if (type === undefined) return () => UNDEFINED;
  if (filter.kind === 'present') {
    const slot = context.slots.add(filter.attribute);
    const absent = absentValue(context);
    return (entry) => (entry.has(slot) ? TRUE : absent);
  }
  const test = valueTest(filter as ValueFilter | SubstringsFilter, type, context);
  if (test === undefined) return () => UNDEFINED;
  return test instanceof Unjudged ? test : anyValue(filter.attribute, test, context);
}

/** The attribute's type; undefined when the server doesn't know it and the filter is Undefined. */
function judgedType(name: string, context: FilterContext): AttributeType | Unjudged | undefined {
  if (name.includes(';')) return new Unjudged(`${name} has options`);
  if (name.toLowerCase() === 'anr') return new Unjudged("ambiguous name resolution is the server's to judge");
  if (/^[0-9]/.test(name) && context.server !== 'openldap') return new Unjudged(`${name} is an OID`);
  const type = context.schema.attribute(name);
  if (type === undefined) {
    return context.server === 'openldap' ? undefined : new Unjudged(`${name} is not in the server's schema`);
  }
  if (type.isOperational) return new Unjudged(`${name} is an operational attribute`);
  if (context.schema.hasSubtypes(type)) return new Unjudged(`${name} has subtypes`);
  return type;
}

/** Undefined when the server can't use the asserted value, or has no rule to compare by. */
function valueTest(
  filter: ValueFilter | SubstringsFilter,
  type: AttributeType,
  context: FilterContext,
): ValueTest | Unjudged | undefined {
  if (filter.kind === 'substrings') {
    const rule = comparison(filter.attribute, type, 'substrings', context.server);
    if (rule.kind === 'none') return undefined;
    if (rule.kind !== 'text') return unjudged(rule, filter.attribute);
    const pieces = [filter.initial, ...filter.any, filter.final];
    const unusable = pieces.some((piece) => piece !== undefined && !isUsableText(piece, rule.isUtf8));
    return unusable ? unusableValue(filter.attribute) : substringsMatcher(rule.rule, filter);
  }
  const use = filter.kind === 'equal' ? 'equality' : 'ordering';
  const rule = comparison(filter.attribute, type, use, context.server);
  if (rule.kind === 'none') return undefined;
  if (filter.kind === 'equal') return equalityTest(filter, rule, context);
  const isMatch =
    filter.kind === 'greaterOrEqual' ? (order: number) => order >= 0 : (order: number) => order <= 0;
  return orderingTest(filter, rule, isMatch);
}

function equalityTest(filter: ValueFilter, rule: Comparison, context: FilterContext): ValueTest | Unjudged {
  const { value, attribute } = filter;
  switch (rule.kind) {
    case 'text':
      if (!isUsableText(value, rule.isUtf8)) return unusableValue(attribute);
      return (bytes, start, end) => equalText(rule.rule, value, bytes, start, end);
    case 'integer':
      if (boundedInteger(value, 0, value.length, rule.bits) === undefined) return unusableValue(attribute);
      return (bytes, start, end) => {
        if (isSame(value, bytes, start, end)) return TRUE;
        return isInteger(bytes, start, end) ? FALSE : UNSURE;
      };
    case 'boolean':
      if (!['TRUE', 'FALSE'].includes(value.toString('latin1'))) return unusableValue(attribute);
      return (bytes, start, end) => (isSame(value, bytes, start, end) ? TRUE : FALSE);
    case 'octets':
      // Active Directory also takes SIDs and GUIDs as text.
      if (context.server === 'activeDirectory' && value.every((byte) => byte < 0x80))
        return unusableValue(attribute);
      return (bytes, start, end) => (isSame(value, bytes, start, end) ? TRUE : FALSE);
    case 'objectClass':
      return objectClassTest(value, context);
    default:
      return unjudged(rule, attribute);
  }
}

function orderingTest(
  filter: ValueFilter,
  rule: Comparison,
  isMatch: (order: number) => boolean,
): ValueTest | Unjudged {
  const { value, attribute } = filter;
  if (rule.kind === 'integer') {
    if (boundedInteger(value, 0, value.length, rule.bits) === undefined) return unusableValue(attribute);
    return (bytes, start, end) => {
      if (!isInteger(bytes, start, end)) return UNSURE;
      return isMatch(compareIntegers(bytes, start, end, value, 0, value.length)) ? TRUE : FALSE;
    };
  }
  if (rule.kind !== 'text') return unjudged(rule, attribute);
  if (!isUsableText(value, rule.isUtf8)) return unusableValue(attribute);
  return (bytes, start, end) => {
    const order = orderText(rule.rule, value, bytes, start, end);
    return order === undefined ? UNSURE : isMatch(order) ? TRUE : FALSE;
  };
}

/** A class matches the objects of its subclasses too, whether or not the server lists the superclasses among the values. */
function objectClassTest(value: Buffer, context: FilterContext): ValueTest | Unjudged {
  const name = value.toString('utf8');
  if (!context.schema.hasClass(name))
    return new Unjudged(`the object class ${name} is not in the server's schema`);
  const matching = [...context.schema.namesOfClassAndSubclasses(name)].map((match) => Buffer.from(match));
  const longest = Math.max(...matching.map(({ length }) => length));
  const byLength = Array.from({ length: longest + 1 }, (_, length) =>
    matching.filter((match) => match.length === length),
  );
  return (bytes, start, end) => {
    if (end - start > longest) return FALSE;
    const matches = byLength[end - start];
    for (let i = 0; i < matches.length; i++) if (isSameWord(matches[i], bytes, start)) return TRUE;
    return FALSE;
  };
}

/** The bit rules of Active Directory, which OpenLDAP has too; every other matching rule is left to the server. */
function compileExtensible(filter: ExtensibleFilter, context: FilterContext): Evaluator | Unjudged {
  const rules = new Map([
    ['1.2.840.113556.1.4.803', 'and'],
    ['1.2.840.113556.1.4.804', 'or'],
  ]);
  const rule = rules.get(filter.rule ?? '');
  if (
    rule === undefined ||
    filter.attribute === undefined ||
    filter.dnAttributes ||
    context.server === 'other'
  ) {
    return new Unjudged(
      `the matching rule ${filter.rule ?? 'of an extensible match'} is the server's to judge`,
    );
  }
  const type = judgedType(filter.attribute, context);
  if (type instanceof Unjudged) return type;
  if (type === undefined) return () => UNDEFINED;
  const { value } = filter;
  const integers = comparison(filter.attribute, type, 'equality', context.server);
  const asserted =
    integers.kind === 'integer' ? boundedInteger(value, 0, value.length, integers.bits) : undefined;
  if (asserted === undefined) {
    return new Unjudged(`the matching rule ${filter.rule} on ${filter.attribute} is the server's to judge`);
  }
  if (asserted <= 0n && context.server !== 'openldap') return unusableValue(filter.attribute);
  return anyValue(filter.attribute, bitTest(rule === 'and', asserted), context, 'error');
}

function bitTest(isAnd: boolean, asserted: bigint): ValueTest {
  return (bytes, start, end) => {
    const value = boundedInteger(bytes, start, end, 64);
    if (value === undefined) return UNSURE;
    const common = value & asserted;
    return (isAnd ? common === asserted : common !== 0n) ? TRUE : FALSE;
  };
}

/** One value that matches is enough; unless a value that can't be compared is an `error` that spoils the others. */
function anyValue(
  attribute: string,
  test: ValueTest,
  context: FilterContext,
  unsureIs: 'doubt' | 'error' = 'doubt',
): Evaluator {
  const [either, end] = unsureIs === 'doubt' ? [or, TRUE] : [orError, UNSURE];
  const slot = context.slots.add(attribute);
  const absent = absentValue(context);
  const inColumn = (entry: EntryColumns, column: number): Truth => {
    const first = entry.first[column];
    const last = first + entry.count[column];
    let truth: Truth = FALSE;
    for (let i = first; i < last && truth !== end; i++) {
      truth = either(truth, test(entry.bytes, entry.valueStart[i], entry.valueEnd[i]));
    }
    return truth;
  };
  return (entry) => {
    if (!entry.has(slot)) return absent;
    const truth = inColumn(entry, slot);
    return entry.hasOptions ? either(truth, inColumn(entry, entry.optionColumn(slot))) : truth;
  };
}

function orError(a: Truth, b: Truth): Truth {
  return a === UNSURE || b === UNSURE ? UNSURE : or(a, b);
}

/** RFC 4511 leaves open whether an absent attribute is False or Undefined; these two say False, and `!` makes it True. */
function absentValue(context: FilterContext): Truth {
  return context.server === 'other' ? FALSE | UNDEFINED : FALSE;
}

function isUsableText(value: Buffer, isUtf8: boolean): boolean {
  if (value.length === 0) return false;
  if (!isUtf8) return value.every((byte) => byte >= 0x20 && byte < 0x7f);
  return Buffer.from(value.toString('utf8')).equals(value);
}

function unusableValue(attribute: string): Unjudged {
  return new Unjudged(`the value asserted of ${attribute} is the server's to judge`);
}

function unjudged(rule: Comparison, attribute: string): Unjudged {
  return new Unjudged(
    rule.kind === 'unknown' ? rule.reason : `the comparison of ${attribute} is the server's to judge`,
  );
}

function isSame(value: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (value.length !== end - start) return false;
  for (let i = 0; i < value.length; i++) if (value[i] !== bytes[start + i]) return false;
  return true;
}

/** `word` is in lower case, and as long. */
function isSameWord(word: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[start + i];
    if (word[i] !== byte && !(byte >= 0x41 && byte <= 0x5a && byte + 0x20 === word[i])) return false;
  }
  return true;
}
