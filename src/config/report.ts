import type * as z from 'zod/mini';
import type { KeyPath, Problem } from './error.ts';
import { nearest } from './nearest.ts';
import { Positions } from './positions.ts';
import { quote } from './printable.ts';
import type { Finding } from './rule.ts';
import { keysAt, placesOf, valueAt } from './sections.ts';

/**
 * Everything that is wrong with a configuration, in the order of the file, in a postmaster's words.
 *
 * @param document the content of the TOML file
 * @param names what is wrong with names
 * @param issues what the schema found
 */
export function report(
  file: string,
  text: string,
  document: unknown,
  names: readonly Finding[],
  issues: readonly z.core.$ZodIssue[],
): Problem[] {
  const positions = positionsOf(text);
  const problems = [...names, ...describeIssues(issues, document)].map(({ path, message, hint }): Problem => {
    const position = positions?.find(path);
    return { file, line: position?.line, column: position?.column, key: keyText(path), message, hint };
  });
  return problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

function positionsOf(text: string): Positions | undefined {
  try {
    return new Positions(text);
  } catch {
    // Another parser has read the file: should the two ever disagree, the problems go without their lines.
    return undefined;
  }
}

function keyText(path: KeyPath): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return `.${/^[\w-]+$/.test(step) ? step : quote(step)}`;
  });
  return steps.join('').replace(/^\./, '');
}

function describeIssues(issues: readonly z.core.$ZodIssue[], document: unknown): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...path, key], document));
    }
    if (issue.code === 'custom') return [{ path, message: issue.message, hint: String(issue.params?.hint) }];
    const value = valueAt(document, path);
    return [
      {
        path,
        message: value === undefined ? 'is missing' : message(issue, value),
        hint: example(path, document),
      },
    ];
  });
}

function message(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}, not ${typeOf(value)}`;
    case 'too_small':
      return issue.origin === 'int' || issue.origin === 'number'
        ? `is less than ${issue.minimum}`
        : 'is empty';
    case 'too_big':
      return `is more than ${issue.maximum}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map((each) => quote(String(each))).join(', ')}`;
    default:
      return 'is not valid';
  }
}

const typeNames: Partial<Record<string, string>> = {
  string: 'text in quotes',
  int: 'a whole number',
  number: 'a whole number',
  boolean: 'true or false',
  array: 'a list in brackets',
  object: 'a section',
  record: 'a section',
};

function typeOf(value: unknown): string {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a fraction';
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  return value instanceof Date ? 'a date' : 'a section';
}

function example(path: KeyPath, document: unknown): string {
  const name = [...path].reverse().find((step) => typeof step === 'string');
  const text = name === undefined ? undefined : keysAt(sectionOf(path, name), document).get(name);
  return text === undefined ? 'see the description of the configuration' : `for example: ${text}`;
}

function unknownKey(path: KeyPath, document: unknown): Finding {
  const key = String(path.at(-1));
  const section = path.slice(0, -1);
  return { path, message: 'there is no such key here', hint: unknownKeyHint(key, section, document) };
}

function unknownKeyHint(key: string, section: KeyPath, document: unknown): string {
  const known = [...keysAt(section, document).keys()];
  if (/^(bind_?)?(password|passwd|pw|secret)$/i.test(key)) {
    return 'write the password into a file of its own and name that with password_file';
  }
  const elsewhere = placesOf(key);
  if (elsewhere.length > 0) return `it belongs in ${elsewhere.join(' or ')}`;
  const meant = nearest(key, known);
  if (meant !== undefined) return `did you mean ${meant}?`;
  const value = valueAt(document, [...section, key]);
  if (section.length === 2 && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return `a name with a dot in it goes in quotes: [${section[0]}."${section[1]}.${key}"]`;
  }
  return `known here: ${known.join(', ')}`;
}

function sectionOf(path: KeyPath, name: string): KeyPath {
  return path.slice(0, path.lastIndexOf(name));
}
