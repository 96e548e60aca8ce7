import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { activeDirectory } from './active-directory.ts';
import { exchangeSchema } from './exchange-schema.ts';
import { writeSmbConf } from './smb-conf.ts';

const run = promisify(execFile);
const cache = join(import.meta.dirname, '../../.cache/samba');
const program = join(import.meta.dirname, 'provision.py');

export const adminPassword = 'Passw0rd-of-the-fixture';

/**
 * A domain with Exchange's schema and a campus, to be copied. Making it takes seconds, so it is kept in `.cache`, under a
 * name that changes with all that it is made of.
 *
 * @param ldif a campus as fixtures/campus makes it
 * @throws Error with what Samba printed
 */
export async function domainTemplate(ldif: string): Promise<string> {
  const texts = [...exchangeSchema(), await activeDirectory(ldif)];
  const { stdout: version } = await run('samba', ['--version']);
  const hash = createHash('sha256');
  for (const part of [version, readFileSync(program), ...texts]) hash.update(part).update('\0');
  const folder = join(cache, hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) {
    sweep();
    await provision(folder, texts);
  }
  const now = new Date();
  utimesSync(folder, now, now);
  return folder;
}

/** Removes what has not been used for a day: it was made of something else. */
function sweep(): void {
  for (const name of existsSync(cache) ? readdirSync(cache) : []) {
    const path = join(cache, name);
    const usedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - usedAt > 86_400_000) rmSync(path, { recursive: true, force: true });
  }
}

async function provision(folder: string, texts: readonly string[]): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const place = mkdtempSync(join(cache, 'new-'));
  try {
    writeSmbConf(place);
    const files = texts.map((text, index) => {
      const path = join(place, `${index}.ldif`);
      writeFileSync(path, text);
      return path;
    });
    // Samba's libraries belong to the system's Python.
    await run('/usr/bin/python3', [program, place, adminPassword, ...files]);
    for (const path of files) rmSync(path);
    try {
      renameSync(place, folder);
    } catch (error) {
      // Another test run was faster.
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
