import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';

type Library = typeof Database;

/** better-sqlite3, loaded when it is first used: programs that meet no SQLite file do without its native code. */
export function library(): Library {
  const loaded: Library = createRequire(import.meta.url)('better-sqlite3');
  return loaded;
}
