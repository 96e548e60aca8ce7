import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { writeDurably } from './plain-file.ts';

/** Something that needs somebody, from when it was first seen until it is over. */
export interface Subject {
  /** `held exch_table`, `directory ad`, … */
  readonly name: string;
  /** What it is about: when that changes, it is told anew. */
  readonly key: string;
  /** Runs in a row that have seen it. */
  readonly runs: number;
  readonly since: Date;
  /** When somebody was told last; undefined while nobody was. */
  readonly told: Date | undefined;
}

const date = z.pipe(
  z.iso.datetime(),
  z.transform((text) => new Date(text)),
);
const subject = z.object({
  name: z.string(),
  key: z.string(),
  runs: z.int(),
  since: date,
  told: z.optional(date),
});
const file = z.object({ version: z.literal(1), subjects: z.array(subject) });

/** What somebody was told already: a file that is lost or damaged makes a run tell it once more. */
export class NoticeMemory {
  readonly #path: string;

  constructor(stateDir: string) {
    this.#path = join(stateDir, 'notices.json');
  }

  read(): Subject[] {
    try {
      const { subjects } = file.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
      return subjects.map(({ told, ...rest }) => ({ ...rest, told }));
    } catch {
      return [];
    }
  }

  /** @throws the operating system's error */
  write(subjects: readonly Subject[]): void {
    writeDurably(this.#path, `${JSON.stringify({ version: 1, subjects }, undefined, 2)}\n`);
  }
}
