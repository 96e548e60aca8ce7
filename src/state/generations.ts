import { linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { copyFile, open, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './plain-file.ts';

/** What was published once, as a file of its canonical text. */
export interface Generation {
  readonly path: string;
  /** When it was written for publication, and when something else took its place. */
  readonly since: Date;
  readonly until: Date;
  /** SHA-256, hex, of the text: whoever uses the file compares. */
  readonly digest: string;
}

/** What is about to be replaced. */
export interface Replaced {
  /** SHA-256, hex, of its canonical text. */
  readonly digest: string;
  /** A file with just this text that is about to lose its name; undefined where there is none. */
  readonly file: string | undefined;
  /** When it was published, where that is known. */
  readonly since: Date | undefined;
  /** The text, in blocks. */
  readonly text: () => Iterable<Uint8Array>;
}

const NAME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\.([0-9a-f]{64})\.dat$/;

/** What the tables of a hub were before: plain files in `generations/TABLE` of the state folder. */
export class Generations {
  readonly #folder: string;
  readonly #most: number;

  /** @param most how many are kept of each table; the oldest go */
  constructor(stateDir: string, most: number) {
    this.#folder = join(stateDir, 'generations');
    this.#most = most;
  }

  /** The latest first; none where nothing was kept. @throws the operating system's error */
  list(table: string): Generation[] {
    const folder = join(this.#folder, table);
    const found: Generation[] = [];
    for (const name of namesIn(folder)) {
      const [, until, digest] = NAME.exec(name) ?? [];
      if (until === undefined || digest === undefined) continue;
      const path = join(folder, name);
      found.push({ path, since: statSync(path).mtime, until: new Date(until), digest });
    }
    return found.sort((a, b) => b.until.getTime() - a.until.getTime());
  }

  /**
   * Keeps what is about to be replaced, by a hard link where that can be. To be called before the file loses its name, by the
   * holder of the lock.
   *
   * @returns the oldest, which are to go: to remove a large file takes its time
   * @throws the operating system's error
   */
  async keep(table: string, { digest, file, since, text }: Replaced): Promise<string[]> {
    if (this.#most === 0) return [];
    const folder = join(this.#folder, table);
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    const staged = join(folder, 'new');
    rmSync(staged, { force: true });
    const [latest, ...older] = this.list(table);
    // A run that was killed before its rename has kept the same already.
    if (latest?.digest === digest) rmSync(latest.path);
    const kept = latest?.digest === digest ? older : [latest, ...older].filter((each) => each !== undefined);
    // A clock that was set back must not change the order.
    const until = new Date(Math.max(Date.now(), (kept[0]?.until.getTime() ?? 0) + 1));
    if (file === undefined || !isLinked(file, staged)) {
      if (file === undefined) await write(text(), staged);
      else await copy(file, staged);
      if (since !== undefined) await utimes(staged, since, since);
    }
    renameSync(staged, join(folder, `${until.toISOString()}.${digest}.dat`));
    return kept.slice(this.#most - 1).map(({ path }) => path);
  }
}

/** Between file systems, and for a file of somebody else's, there is no hard link. */
function isLinked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
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

async function copy(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const handle = await open(to, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function write(text: Iterable<Uint8Array>, path: string): Promise<void> {
  const handle = await open(path, 'wx', 0o640);
  try {
    for (const block of text) await handle.writeFile(block);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
