import * as z from 'zod/mini';
import type { KeyPath } from './error.ts';

/** Something wrong, at `path` from the value that was checked. */
export interface Finding {
  readonly path: KeyPath;
  readonly message: string;
  readonly hint: string;
}

interface Payload {
  readonly value: unknown;
  readonly issues: z.core.$ZodRawIssue[];
}

/**
 * A rule about several keys of one section. It is judged whenever those keys are sound by themselves, whatever else is
 * wrong with the section; a list is sound even if elements of it are not.
 */
export function rule<Section extends object, Key extends keyof Section & string>(
  keys: readonly Key[],
  test: (section: Pick<Section, Key>) => Iterable<Finding>,
): z.core.$ZodCheck<Section> {
  const check = z.check<Section>((payload) => {
    for (const finding of test(payload.value)) raise(payload, finding);
  });
  check._zod.def.when = ({ value, issues }) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    return !issues.some(({ path }) => path?.length === 1 && keys.some((key) => key === path[0]));
  };
  return check;
}

export function raise(payload: Payload, { path, message, hint }: Finding): void {
  payload.issues.push({
    code: 'custom',
    path: [...path],
    message,
    input: payload.value,
    params: { hint },
  });
}

/** A list in which no two texts are the same by `identity`. */
export function unique(identity: (text: string) => string): z.core.$ZodCheck<string[]> {
  const check = z.check<string[]>((payload) => {
    const seen = new Set<string>();
    for (const [index, text] of sound(payload.value)) {
      if (seen.has(identity(text))) {
        raise(payload, { path: [index], message: 'is there twice', hint: 'remove one' });
      }
      seen.add(identity(text));
    }
  });
  check._zod.def.when = ({ value }) => Array.isArray(value);
  return check;
}

/** The texts of a list, without the elements that were found to be none. */
export function sound(list: readonly string[]): [number, string][] {
  return [...list.entries()].filter(([, text]) => typeof text === 'string');
}
