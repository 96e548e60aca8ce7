import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { isMissing, writeDurably } from './plain-file.ts';

/** A candidate that was held, and what it was compared with. */
export interface HeldCandidate {
  /** What `approve` is given: it stands for the two texts. */
  readonly digest: string;
  /** SHA-256, hex, of the canonical text of the candidate, and of what was published; undefined where nothing was. */
  readonly candidate: string;
  readonly published: string | undefined;
  /** What the findings are about: the same as long as the same entries would go. */
  readonly findingsKey: string;
  readonly findings: readonly HeldFinding[];
  /** It is a `.dat` that somebody else wrote, and lies in its place. */
  readonly byHand: boolean;
  /** When the table began to be held; when it was first held for these findings; when this candidate was held last. */
  readonly since: Date;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
}

export interface HeldFinding {
  readonly rule: string;
  readonly message: string;
  readonly count?: number | undefined;
  readonly limit?: string | undefined;
  readonly examples?: readonly string[] | undefined;
}

/** The canonical texts, in blocks; of what was published, undefined where nothing was. */
export interface HeldTexts {
  readonly candidate: () => Iterable<Uint8Array>;
  readonly published: (() => Iterable<Uint8Array>) | undefined;
  /** Keys that move to tables which do not show them yet, each with its table; undefined where there are none. */
  readonly moves: (() => Iterable<Uint8Array>) | undefined;
}

const date = z.pipe(
  z.iso.datetime(),
  z.transform((text) => new Date(text)),
);

/** Also the name of a file, so nothing else passes. */
const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

const heldFile = z.object({
  digest: sha256,
  candidate: sha256,
  published: z.optional(sha256),
  findingsKey: z.string(),
  findings: z.array(
    z.object({
      rule: z.string(),
      message: z.string(),
      count: z.optional(z.number()),
      limit: z.optional(z.string()),
      examples: z.optional(z.array(z.string())),
    }),
  ),
  byHand: z.boolean(),
  since: date,
  firstSeen: date,
  lastSeen: date,
});

/** Bytes of candidates that are kept of one table; beyond, the oldest go, though never the latest few. */
const MOST_BYTES = 2 ** 30;
const ALWAYS_KEPT = 4;

/**
 * The candidates that wait for somebody's word, as plain files in `held/TABLE` of the state folder: a small file for each,
 * named by its digest, and the texts that they speak of, named by theirs.
 */
export class HeldCandidates {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'held');
  }

  /** Those of a table, the latest first; a file that is not whole is left out. @throws the operating system's error */
  list(table: string): HeldCandidate[] {
    const folder = join(this.#folder, table);
    const found: HeldCandidate[] = [];
    for (const name of namesIn(folder)) {
      if (!/^[0-9a-f]{64}\.json$/.test(name)) continue;
      const held = heldOf(readFileSync(join(folder, name), 'utf8'));
      if (held !== undefined) found.push(held);
    }
    return found.sort((a, b) => b.lastSeen.getTime() - a.lastSeen.getTime());
  }

  /** Where a text is kept. */
  path(table: string, digest: string): string {
    return join(this.#folder, table, `${digest}.dat`);
  }

  /** Where the keys are kept that move to other tables with a candidate; there may be none. */
  movesPath(table: string, digest: string): string {
    return join(this.#folder, table, `${digest}.moves`);
  }

  /** Keeps a candidate. To be called by the holder of the lock. @throws the operating system's error */
  async keep(table: string, held: HeldCandidate, texts: HeldTexts): Promise<void> {
    await mkdir(join(this.#folder, table), { recursive: true, mode: 0o750 });
    await this.#keepText(table, held.candidate, texts.candidate);
    if (held.published !== undefined && texts.published !== undefined)
      await this.#keepText(table, held.published, texts.published);
    const moves = this.movesPath(table, held.digest);
    if (texts.moves === undefined) await rm(moves, { force: true });
    else await writeText(moves, texts.moves());
    writeDurably(join(this.#folder, table, `${held.digest}.json`), `${JSON.stringify(held, undefined, 2)}\n`);
    this.#clear(table);
  }

  /** Forgets all candidates of a table: it is settled. @throws the operating system's error */
  drop(table: string): void {
    rmSync(join(this.#folder, table), { recursive: true, force: true });
  }

  async #keepText(table: string, digest: string, text: () => Iterable<Uint8Array>): Promise<void> {
    const path = this.path(table, digest);
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
    await writeText(path, text());
  }

  /** Removes the oldest candidates beyond the room for them, and texts that none speaks of. */
  #clear(table: string): void {
    const folder = join(this.#folder, table);
    const list = this.list(table);
    const wanted = new Set<string>();
    let bytes = 0;
    list.forEach((held, i) => {
      for (const digest of [held.candidate, held.published]) {
        if (digest === undefined || wanted.has(digest)) continue;
        bytes += statSync(this.path(table, digest), { throwIfNoEntry: false })?.size ?? 0;
      }
      if (i >= ALWAYS_KEPT && bytes > MOST_BYTES) rmSync(join(folder, `${held.digest}.json`));
      else
        for (const digest of [held.candidate, held.published]) if (digest !== undefined) wanted.add(digest);
    });
    for (const name of namesIn(folder)) {
      const [digest = '', suffix] = name.split('.');
      const unspoken =
        (suffix === 'dat' && !wanted.has(digest)) ||
        (suffix === 'moves' && !list.some((held) => held.digest === digest));
      if (unspoken || name.endsWith('.new')) rmSync(join(folder, name), { force: true });
    }
  }
}

/** @returns undefined for what is not whole: it stands for nothing that could be approved */
function heldOf(text: string): HeldCandidate | undefined {
  try {
    const held = heldFile.parse(JSON.parse(text));
    return { ...held, published: held.published };
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Writes a file so that it is there whole or not at all. @throws the operating system's error */
async function writeText(path: string, text: Iterable<Uint8Array>): Promise<void> {
  const staged = `${path}.new`;
  try {
    await rm(staged, { force: true });
    const handle = await open(staged, 'wx', 0o640);
    try {
      for (const block of text) await handle.writeFile(block);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
}
