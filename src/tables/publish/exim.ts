import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What `exim -bV` says of the library behind its `dbm` lookup. */
export interface EximDbm {
  /** The line that names it, e.g. `Berkeley DB: Berkeley DB 5.3.28: (September  9, 2013)`. */
  readonly line: string;
  readonly library: 'bdb' | 'gdbm' | 'tdb' | 'sqlite' | 'ndbm';
}

/** No usable answer from the Exim binary. */
export class EximError extends Error {
  override readonly name = 'EximError';
}

/** Asks an Exim binary which library its `dbm` lookup was built with. @throws EximError */
export async function askEximDbm(exim: string): Promise<EximDbm> {
  let output: string;
  try {
    output = (await promisify(execFile)(exim, ['-bV'], { timeout: 10_000 })).stdout;
  } catch (error) {
    // A broken configuration makes `exim -bV` end with a status, after it printed what it was built with.
    output = standardOutput(error);
    if (output === '')
      throw new EximError(`${exim} -bV: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseVersion(output);
}

/** Reads the output of `exim -bV`. @throws EximError when no line names a dbm library */
function parseVersion(output: string): EximDbm {
  const libraries = [
    [/^ *(?:Probably )?Berkeley DB\b.*/m, 'bdb'],
    [/^ *(?:Probably )?GDBM \(native mode\).*/m, 'gdbm'],
    [/^ *Using tdb\b.*/m, 'tdb'],
    [/^ *Using sqlite3\b.*/m, 'sqlite'],
    [/^ *(?:Probably )?(?:ndbm|GDBM \(compatibility mode\)).*/m, 'ndbm'],
  ] as const;
  for (const [pattern, library] of libraries) {
    const line = pattern.exec(output)?.[0];
    if (line !== undefined) return { line: line.trim(), library };
  }
  throw new EximError('exim -bV names no dbm library');
}

function standardOutput(error: unknown): string {
  return error instanceof Error && 'stdout' in error && typeof error.stdout === 'string' ? error.stdout : '';
}
