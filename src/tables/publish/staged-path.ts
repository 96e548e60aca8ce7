import { basename, dirname, join } from 'node:path';

/** What the names of files begin with that are not in place yet, or never were. */
export const STAGED_PREFIX = '.mailhub-tables.';

/** Where a new file is until it is put in place. @param label tells several stagings of one table apart */
export function stagedPath(path: string, label: string): string {
  return join(dirname(path), `${STAGED_PREFIX}${basename(path)}.${label}`);
}
