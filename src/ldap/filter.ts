/** A search filter as RFC 4511 has it (4.5.1.7). Values are bytes, their escapes resolved. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'present'; readonly attribute: string }
  | ValueFilter
  | SubstringsFilter
  | ExtensibleFilter;

export interface ValueFilter {
  readonly kind: 'equal' | 'greaterOrEqual' | 'lessOrEqual' | 'approx';
  readonly attribute: string;
  readonly value: Buffer;
}

export interface SubstringsFilter {
  readonly kind: 'substrings';
  readonly attribute: string;
  readonly initial: Buffer | undefined;
  readonly any: readonly Buffer[];
  readonly final: Buffer | undefined;
}

export interface ExtensibleFilter {
  readonly kind: 'extensible';
  readonly attribute: string | undefined;
  /** Name or OID of the matching rule. */
  readonly rule: string | undefined;
  readonly value: Buffer;
  readonly dnAttributes: boolean;
}

/** A filter that can't be read. `position` counts characters from 0. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
  readonly filter: string;
  readonly position: number;

  constructor(filter: string, position: number, problem: string) {
    super(`${problem} at character ${position + 1} of the filter ${filter}`);
    this.filter = filter;
    this.position = position;
  }
}

const MAX_DEPTH = 100;
const ATTRIBUTE = /^(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*$/;
const OID = /^(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)$/;

/**
 * Reads the string form of RFC 4515. White space is taken between filters too, where the RFC has none: long filters stand on
 * several lines of a configuration file.
 *
 * @throws FilterError
 */
export function parseFilter(text: string): Filter {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Filter {
    this.#skipSpace();
    const filter = this.#filter(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error('unexpected text after the filter');
    return filter;
  }

  #filter(depth: number): Filter {
    if (depth > MAX_DEPTH) throw this.#error('filters nested too deeply');
    this.#expect('(');
    this.#skipSpace();
    const filter = this.#component(depth);
    this.#expect(')');
    return filter;
  }

  #component(depth: number): Filter {
    const operator = this.#text[this.#at];
    if (operator === '&' || operator === '|') {
      this.#at++;
      return { kind: operator === '&' ? 'and' : 'or', filters: this.#list(depth) };
    }
    if (operator === '!') {
      this.#at++;
      this.#skipSpace();
      const filter = this.#filter(depth + 1);
      this.#skipSpace();
      return { kind: 'not', filter };
    }
    return this.#item();
  }

  #list(depth: number): Filter[] {
    const filters: Filter[] = [];
    this.#skipSpace();
    while (this.#text[this.#at] === '(') {
      filters.push(this.#filter(depth + 1));
      this.#skipSpace();
    }
    return filters;
  }

  #item(): Filter {
    const start = this.#at;
    while (this.#at < this.#text.length && !'=()~<>:*\\'.includes(this.#text[this.#at])) this.#at++;
    const attribute = this.#text.slice(start, this.#at);
    if (this.#text[this.#at] === ':') return this.#extensible(attribute, start);
    if (!ATTRIBUTE.test(attribute)) throw this.#error('expected an attribute', start);

    const operator = /^(?:=|~=|>=|<=)/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0];
    if (operator === undefined) throw this.#error("expected one of '=', '~=', '>=', '<=' and ':='");
    this.#at += operator.length;
    if (operator === '=') return this.#equalOrPattern(attribute);
    const kind = operator === '~=' ? 'approx' : operator === '>=' ? 'greaterOrEqual' : 'lessOrEqual';
    return { kind, attribute, value: this.#value() };
  }

  #equalOrPattern(attribute: string): Filter {
    const first = this.#value();
    if (this.#text[this.#at] !== '*') return { kind: 'equal', attribute, value: first };

    const any: Buffer[] = [];
    let final: Buffer | undefined;
    while (this.#text[this.#at] === '*') {
      this.#at++;
      const piece = this.#value();
      if (this.#text[this.#at] !== '*') final = piece.length > 0 ? piece : undefined;
      else if (piece.length > 0) any.push(piece);
      else throw this.#error("two '*' without a value between them");
    }
    const initial = first.length > 0 ? first : undefined;
    if (initial === undefined && any.length === 0 && final === undefined)
      return { kind: 'present', attribute };
    return { kind: 'substrings', attribute, initial, any, final };
  }

  #extensible(attribute: string, start: number): Filter {
    if (attribute !== '' && !ATTRIBUTE.test(attribute)) throw this.#error('expected an attribute', start);
    const end = this.#text.indexOf(':=', this.#at);
    if (end < 0) throw this.#error("expected ':='");
    const words = this.#text.slice(this.#at, end).split(':').slice(1);
    const dnAttributes = words[0]?.toLowerCase() === 'dn';
    if (dnAttributes) words.shift();
    const rule = words.shift();
    if (words.length > 0 || (rule !== undefined && !OID.test(rule))) {
      throw this.#error('expected the name of a matching rule');
    }
    if (attribute === '' && rule === undefined) throw this.#error('expected an attribute or a matching rule');
    this.#at = end + 2;
    return {
      kind: 'extensible',
      attribute: attribute === '' ? undefined : attribute,
      rule,
      value: this.#value(),
      dnAttributes,
    };
  }

  /** Up to the next `*`, `(` or `)`; the caller knows which of them may follow. */
  #value(): Buffer {
    const pieces: Buffer[] = [];
    let start = this.#at;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === '\0') throw this.#error('a NUL has to be written \\00');
      if (character !== undefined && !'*()\\'.includes(character)) {
        this.#at++;
        continue;
      }
      pieces.push(Buffer.from(this.#text.slice(start, this.#at)));
      if (character !== '\\') return Buffer.concat(pieces);
      const digits = this.#text.slice(this.#at + 1, this.#at + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(digits)) throw this.#error("expected two hexadecimal digits after '\\'");
      pieces.push(Buffer.from(digits, 'hex'));
      this.#at += 3;
      start = this.#at;
    }
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) throw this.#error(`expected '${character}'`);
    this.#at++;
  }

  #skipSpace(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? '.')) this.#at++;
  }

  #error(problem: string, position = this.#at): FilterError {
    return new FilterError(this.#text, position, problem);
  }
}
