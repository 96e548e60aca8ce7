import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FixtureError } from './fixture.ts';

export interface BenchServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves a fixture directory's LDIF on loopback, in a process of its own: what it costs is not to be taken for ours.
 *
 * @throws FixtureError when it can't be served
 */
export async function startBenchServer(fixture: string): Promise<BenchServer> {
  const ldif = join(fixture, 'directory.ldif');
  if (!existsSync(ldif)) {
    throw new FixtureError(`${ldif} does not exist; name a directory that is served elsewhere with --url`);
  }
  const program = join(import.meta.dirname, 'fixtures/server.js');
  const server = spawn(process.execPath, [program, '--ldif', ldif], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const exit = once(server, 'exit');
  const [url] = await Promise.race([once(createInterface(server.stdout), 'line'), exit]);
  if (typeof url !== 'string') throw new FixtureError(`${ldif} can't be served: ${printed}`);
  return {
    url,
    async stop() {
      server.kill('SIGTERM');
      await exit;
    },
  };
}
