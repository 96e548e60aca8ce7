import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { writeDurably } from './plain-file.ts';

/** From what a table was made last, and what its files were then. */
export interface DerivedRecord {
  /** SHA-256, hex, over what it was made of. */
  readonly inputs: string;
  readonly stamps: Readonly<Record<string, string>>;
  readonly entries: number;
}

const file = z.record(
  z.string(),
  z.object({ inputs: z.string(), stamps: z.record(z.string(), z.string()), entries: z.int() }),
);

/** What is known of the tables that are made of others. A file that is lost or damaged has them made anew. */
export class DerivedMemory {
  readonly #path: string;

  constructor(stateDir: string) {
    this.#path = join(stateDir, 'derived.json');
  }

  get(name: string): DerivedRecord | undefined {
    return this.#read()[name];
  }

  /** @throws the operating system's error */
  set(name: string, record: DerivedRecord): void {
    writeDurably(this.#path, `${JSON.stringify({ ...this.#read(), [name]: record }, undefined, 2)}\n`);
  }

  #read(): Record<string, DerivedRecord> {
    try {
      return file.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
    } catch {
      return {};
    }
  }
}
