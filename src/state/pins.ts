import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { StateError } from './error.ts';
import { isMissing, removeDurably, writeDurably } from './plain-file.ts';

/** That a table stays as it is, whatever its sources say, and who wants it so. */
export interface Pin {
  /** When it was pinned; undefined for a pin whose file can't be read. */
  readonly since: Date | undefined;
  readonly who: string;
  readonly why: string;
  /** What made it: `pin`, `rollback` or `canary`. */
  readonly by: 'pin' | 'rollback' | 'canary';
  /** SHA-256, hex, of the table's canonical text as it was pinned; undefined where nothing was published. */
  readonly digest: string | undefined;
}

const pinFile = z.object({
  since: z.iso.datetime(),
  who: z.string(),
  why: z.string(),
  by: z.enum(['pin', 'rollback', 'canary']),
  digest: z.optional(z.string()),
});

/** The pins of a state folder: a small file each, so that losing the database undoes none of them. */
export class Pins {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'pins');
  }

  /**
   * A table's pin; undefined when it has none. One whose file can't be read still pins: somebody wanted the table to stay.
   */
  get(table: string): Pin | undefined {
    const path = this.#path(table);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      return isMissing(error) ? undefined : unreadable(path, error);
    }
    try {
      const { since, who, why, by, digest } = pinFile.parse(JSON.parse(text));
      return { since: new Date(since), who, why, by, digest };
    } catch {
      return unreadable(path, undefined);
    }
  }

  /** @throws StateError */
  set(table: string, pin: Pin): void {
    const path = this.#path(table);
    try {
      writeDurably(path, `${JSON.stringify({ table, ...pin }, undefined, 2)}\n`);
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** @returns whether there was a pin @throws StateError */
  remove(table: string): boolean {
    const path = this.#path(table);
    try {
      return removeDurably(path);
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  #path(table: string): string {
    return join(this.#folder, `${table}.json`);
  }
}

function unreadable(path: string, error: unknown): Pin {
  const reason = error instanceof Error ? error.message : 'it is no pin that this program wrote';
  return { since: undefined, who: 'unknown', why: `${path}: ${reason}`, by: 'pin', digest: undefined };
}

function unwritable(path: string, error: unknown): StateError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StateError(`${path}: ${reason}`, { cause: error });
}
