import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { StateError } from './error.ts';
import { isMissing, writeDurably } from './plain-file.ts';

/** An address that is routed by hand, or kept out, whatever the sources say. */
export interface Override {
  readonly table: string;
  /** In lower case. */
  readonly key: string;
  /** Undefined for one that is kept out. */
  readonly value?: string | undefined;
  /** What was published when it was made; undefined where nothing was. */
  readonly replaced?: string | undefined;
  readonly since: Date;
  readonly who: string;
  readonly why: string;
  readonly expires?: Date | undefined;
  /** Since when the sources say the same, so that it is not needed any more. */
  readonly caughtUp?: Date | undefined;
}

const date = z.pipe(
  z.iso.datetime(),
  z.transform((text) => new Date(text)),
);

const overridesFile = z.strictObject({
  version: z.literal(1),
  overrides: z.array(
    z.strictObject({
      table: z.string(),
      key: z.string().check(z.minLength(1)),
      value: z.optional(z.string()),
      replaced: z.optional(z.string()),
      since: date,
      who: z.string(),
      why: z.string(),
      expires: z.optional(date),
      caughtUp: z.optional(date),
    }),
  ),
});

/** The overrides of a state folder: one plain file, so that losing the database undoes none of them. */
export class Overrides {
  readonly path: string;

  constructor(stateDir: string) {
    this.path = join(stateDir, 'overrides.json');
  }

  /** @throws StateError that says what is wrong with the file: without it nobody knows what was decided by hand */
  list(): Override[] {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return [];
      throw new StateError(`${this.path}: ${error instanceof Error ? error.message : String(error)}`);
    }
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch (error) {
      throw this.#damaged(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    const result = overridesFile.safeParse(document);
    if (result.success) return result.data.overrides;
    const [issue] = result.error.issues;
    throw this.#damaged(`${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'it is not valid'}`);
  }

  /** @throws StateError */
  write(overrides: readonly Override[]): void {
    try {
      writeDurably(this.path, `${JSON.stringify({ version: 1, overrides }, undefined, 2)}\n`);
    } catch (error) {
      throw new StateError(`${this.path}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }

  #damaged(message: string): StateError {
    return new StateError(`${this.path}: ${message}; mend it, or move it away to do without overrides`);
  }
}
