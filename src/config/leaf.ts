import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { ValueError } from './error.ts';
import { raise } from './rule.ts';
import type { Surroundings } from './surroundings.ts';

/** `schema`, then `parse`; what that throws as {@link ValueError} becomes a finding. */
export function parsed<In, Out>(schema: z.ZodMiniType<In>, parse: (value: In) => Out) {
  return z.pipe(
    schema,
    z.transform((value: In, payload): Out => {
      try {
        return parse(value);
      } catch (error) {
        if (!(error instanceof ValueError)) throw error;
        raise(payload, { path: [], message: error.message, hint: error.hint });
        return z.NEVER;
      }
    }),
  );
}

export function text() {
  return z.string().check(z.minLength(1));
}

/** A path, made absolute, that `check` lets pass. */
export function path({ folder }: Surroundings, check: (path: string) => void) {
  return parsed(text(), (value) => {
    const absolute = resolve(folder, value);
    check(absolute);
    return absolute;
  });
}

/** Seconds, up to a day, as milliseconds. */
export function seconds(least = 1) {
  return parsed(z.int().check(z.gte(least), z.lte(86_400)), (value) => value * 1000);
}

/** Days, up to a year, as milliseconds. */
export function days() {
  return parsed(z.int().check(z.gte(0), z.lte(366)), (value) => value * 86_400_000);
}
