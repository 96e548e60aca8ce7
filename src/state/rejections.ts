import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { StateError } from './error.ts';
import { removeDurably, writeDurably } from './plain-file.ts';

/** That somebody does not want what a held candidate would take away. */
export interface Rejection {
  /** What it is about: see HeldCandidate. */
  readonly findingsKey: string;
  readonly since: Date;
  readonly who: string;
  readonly why: string;
}

const rejectionFile = z.object({
  findingsKey: z.string(),
  since: z.iso.datetime(),
  who: z.string(),
  why: z.string(),
});

/** The rejections of a state folder: a small file each, so that losing the database undoes none of them. */
export class Rejections {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'rejections');
  }

  /** A table's rejection; undefined without one, and for a file that can't be read: then the table asks again. */
  get(table: string): Rejection | undefined {
    try {
      const { since, ...rejection } = rejectionFile.parse(
        JSON.parse(readFileSync(this.#path(table), 'utf8')),
      );
      return { ...rejection, since: new Date(since) };
    } catch {
      return undefined;
    }
  }

  /** Where the entries are that must not go, as the text of a `.dat`. */
  entriesPath(table: string): string {
    return join(this.#folder, `${table}.dat`);
  }

  /** @param entries the text of a `.dat` with what must not go @throws StateError */
  set(table: string, rejection: Rejection, entries: Uint8Array): void {
    this.#write(table, (path) => {
      writeDurably(this.entriesPath(table), entries);
      writeDurably(path, `${JSON.stringify({ table, ...rejection }, undefined, 2)}\n`);
    });
  }

  /** @throws StateError */
  remove(table: string): void {
    this.#write(table, (path) => {
      removeDurably(path);
      removeDurably(this.entriesPath(table));
    });
  }

  #path(table: string): string {
    return join(this.#folder, `${table}.json`);
  }

  #write(table: string, work: (path: string) => void): void {
    const path = this.#path(table);
    try {
      work(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new StateError(`${path}: ${reason}`, { cause: error });
    }
  }
}
