import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { realPath } from './files.ts';

const suffixes = ['', '.dat', '_tmp.dat', '.cdb', '.lmdb', '.lmdb-lock', '.sqlite'] as const;

/** The names of the files that table `name` may have in the tables' directory, whatever the format. */
function fileNames(name: string): string[] {
  return suffixes.map((suffix) => name + suffix);
}

/** A table whose file another table has as well. */
export interface Collision {
  readonly table: string;
  readonly other: string;
  readonly file: string;
}

/** The first collision of every table with one before it. */
export function collisions(names: readonly string[]): Collision[] {
  const owners = new Map<string, string>();
  const found: Collision[] = [];
  for (const table of names) {
    const files = fileNames(table);
    const file = files.find((each) => owners.has(each));
    const other = file === undefined ? undefined : owners.get(file);
    if (file !== undefined && other !== undefined) found.push({ table, other, file });
    for (const each of files) if (!owners.has(each)) owners.set(each, table);
  }
  return found;
}

/** What the tables write, by real path: nothing of it may be a source. */
export class Outputs {
  readonly #owners = new Map<string, string>();

  constructor(tablesDir: string, names: readonly string[]) {
    const folder = realPath(tablesDir);
    for (const name of names) {
      for (const file of fileNames(name)) {
        const path = join(folder, file);
        this.#owners.set(isLink(path) ? realPath(path) : path, name);
      }
    }
  }

  /** The table that writes `path`, if any does. */
  owner(path: string): string | undefined {
    return this.#owners.get(realPath(path));
  }
}

/** What can't be looked at leads nowhere either. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  } catch {
    return false;
  }
}
