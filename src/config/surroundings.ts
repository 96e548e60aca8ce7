import { resolve } from 'node:path';
import * as z from 'zod/mini';
import type { Outputs } from './outputs.ts';
import { parsed } from './parsed.ts';

/** What a value is judged against, besides itself. */
export interface Surroundings {
  /** Relative paths start here. */
  readonly folder: string;
  /** The names of the configured directories. */
  readonly directories: readonly string[];
  readonly outputs: Outputs;
  /** No directory will be spoken to: passwords and certificates may be out of this user's reach. */
  readonly offline: boolean;
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
export function seconds() {
  return parsed(z.int().check(z.gte(1), z.lte(86_400)), (value) => value * 1000);
}
