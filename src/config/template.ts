import { ValueError } from './error.ts';

/** `{name}` placeholders and the text between them, in order. */
export type Template = readonly (string | Placeholder)[];

export interface Placeholder {
  readonly name: string;
}

/** A template that can't be read. `offset` is where, in characters from 0. */
export class TemplateError extends ValueError {
  override readonly name = 'TemplateError';
  readonly offset: number;

  constructor(offset: number, message: string, hint: string) {
    super(`${message} at character ${offset + 1}`, hint);
    this.offset = offset;
  }
}

const token = /\{\{|\}\}|[{}]/g;

/**
 * Reads a template such as `{alias}@example.ac.uk`. `{{` and `}}` stand for the braces themselves.
 *
 * @throws TemplateError when a brace has no partner, a placeholder has no name, the text is empty, or it holds a control
 *   character, which no line of a `.dat` can carry
 */
export function parseTemplate(text: string): Template {
  if (text === '') {
    throw new TemplateError(0, 'the template is empty', 'write text, placeholders like {address}, or both');
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  const control = text.search(/[\x00-\x1f\x7f]/);
  if (control >= 0) {
    throw new TemplateError(control, 'a line break or control character', 'keep the template on one line');
  }

  const parts: (string | Placeholder)[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) break;
    literal += text.slice(at, found.index);
    at = token.lastIndex;
    if (found[0].length === 2) {
      literal += found[0].charAt(0);
      continue;
    }
    if (found[0] === '}') {
      throw new TemplateError(found.index, 'a } that closes nothing', 'write }} for the brace itself');
    }
    const name = placeholderName(text, at);
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push({ name });
    at += name.length + 1;
  }
  literal += text.slice(at);
  if (literal !== '') parts.push(literal);
  return parts;
}

function placeholderName(text: string, start: number): string {
  const end = text.slice(start).search(/[{}]/) + start;
  if (end < start || text.charAt(end) === '{') {
    throw new TemplateError(start - 1, 'a { without its }', 'close it, or write {{ for the brace itself');
  }
  const name = text.slice(start, end);
  if (name.trim() !== name || name === '') {
    const message =
      name.trim() === '' ? 'a placeholder without a name' : 'a placeholder with spaces at its edges';
    throw new TemplateError(start - 1, message, 'write {name}, or {{ and }} for the braces themselves');
  }
  return name;
}

/** The names that a template asks for. */
export function placeholders(template: Template): string[] {
  return template.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
}
