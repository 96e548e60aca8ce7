import type { Format } from '../../../src/dbm/index.ts';
import { type Entry, hexLines, pairsOf } from '../support.ts';

/** A format as the tests that every format passes need to know it. */
export interface TestedFormat {
  readonly format: Format;
  /** The name of what finds the entries in our files: the format's own library or tools. */
  readonly reader: string;
  /** Does it store NULs behind keys and values where nobody says whether to? */
  readonly terminated: boolean;
  /** Numbers of entries, in the order in which tables of them are written. */
  readonly counts: readonly number[];
  /** Lengths of values, and of keys where they may be as long. */
  readonly lengths: readonly number[];
  /** Fails the test unless the format's own library or tools find a file whole, and in it what was written. */
  readonly finds: (written: Written) => void;
}

export interface Written {
  readonly path: string;
  readonly entries: readonly Entry[];
  readonly terminated: boolean;
  /** The entries as they lie in the file, as `storedLines` gives them. */
  readonly stored: readonly string[];
}

/** Entries as `hexLines` would give them, with a NUL behind each key and value where `terminated`. */
export function storedLines(entries: readonly Entry[], terminated: boolean): string[] {
  const lines = hexLines(pairsOf(entries));
  return terminated ? lines.map((line) => `${line.replace(' ', '00 ')}00`).sort() : lines;
}
