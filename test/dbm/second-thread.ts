import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { vi } from 'vitest';
import { SecondThread } from '../../src/dbm/second-thread/second-thread.ts';

/** A second thread as the bundled programs have it, once it is ready. @param before what it runs before its own code */
export async function secondThread(directory: string, before = ''): Promise<SecondThread> {
  const code = join(directory, 'second-thread.cjs');
  buildSync({
    entryPoints: ['src/dbm/second-thread/thread.ts'],
    outfile: code,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
  });
  writeFileSync(code, before + readFileSync(code, 'utf8'));
  const second = new SecondThread(pathToFileURL(code));
  await vi.waitUntil(() => second.isReady, { timeout: 10_000 });
  return second;
}
