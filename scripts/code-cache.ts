// Writes the code caches of the command in dist/: what V8 made of what they ran in an hour of the fixture directory with a
// change, in one without, and in a look-up. What they did not run, V8 compiles when it is needed.
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { fillTemplate } from '../fixtures/campus/configuration.ts';
import { startFixtureServer } from '../fixtures/server/server.ts';

const run = promisify(execFile);
const dist = resolve(process.argv[2] ?? 'dist');
const campus = 'fixtures/campus';

const work = await mkdtemp(join(tmpdir(), 'mailhub-code-cache-'));
const server = await startFixtureServer({ ldif: join(campus, 'directory.ldif') });
try {
  const config = await configure(server.url);
  const build = ['build', '--config', config];
  await run(process.execPath, [join(dist, '../bin/mailhub-tables'), ...build]);
  server.changes.modify(`CN=Shouting,OU=Curiosities,${server.base}`, [
    { kind: 'add', attribute: 'proxyAddresses', values: [Buffer.from('smtp:no.longer@example.ac.uk')] },
  ]);
  await keepCompiled([build, build, ['lookup', 'no.longer@example.ac.uk', '--config', config]]);
} finally {
  await server.stop();
  await rm(work, { recursive: true, force: true });
}

async function configure(url: string): Promise<string> {
  const [tablesDir, stateDir] = [join(work, 'etc'), join(work, 'state')];
  for (const folder of [tablesDir, stateDir]) await mkdir(folder);
  const passwordFile = join(work, 'ad.secret');
  await copyFile(join(campus, 'ad.secret'), passwordFile);
  await chmod(passwordFile, 0o600);
  await copyFile(join(campus, 'local_domains.dat'), join(tablesDir, 'local_domains.dat'));
  const template = await readFile(join(campus, 'mailhub-tables.toml'), 'utf8');
  const places = { tablesDir, stateDir, campusDir: resolve(campus), urls: [url], passwordFile };
  const config = join(work, 'mailhub-tables.toml');
  await writeFile(config, fillTemplate(template, { ...places, allowPlaintext: true }));
  return config;
}

/** Runs the command several times in one process, which then keeps what V8 made of it. @throws Error when one fails */
async function keepCompiled(runs: readonly (readonly string[])[]): Promise<void> {
  const program = `
    const { Bundle, start } = require(${JSON.stringify(join(dist, 'start.cjs'))});
    const runs = ${JSON.stringify(runs)};
    const next = () => {
      if (process.exitCode) return;
      if (runs.length === 0) for (const bundle of Bundle.loaded) bundle.keepCompiled();
      if (runs.length === 0) return;
      process.argv.splice(2, Infinity, ...runs.shift());
      process.once('beforeExit', next);
      setImmediate(start, 'cli.cjs'); // Node tells of its end once for each time that there was something to do.
    };
    process.argv[1] = 'code-cache';
    next();`;
  await run(process.execPath, ['-e', program]);
}
