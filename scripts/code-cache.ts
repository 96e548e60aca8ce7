// Writes the code caches of the command in dist/: what V8 made of what they ran in an hour of the fixture directory with a
// change, in one without, and in a look-up; of the threads' code, what a table runs that is written and then changed. What they did
// not run, V8 compiles when it is needed.
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import { fillTemplate } from '../fixtures/campus/configuration.ts';
import { startFixtureServer } from '../fixtures/server/server.ts';
import { formats } from '../src/dbm/index.ts';
import type { Pairs } from '../src/dbm/pairs.ts';
import { EntriesBuilder } from '../src/tables/columns/entries.ts';
import { merge } from '../src/tables/columns/merge.ts';
import { Table } from '../src/tables/columns/table.ts';
import { stampsOf } from '../src/tables/publish/files.ts';
import { type Answer, memoriesOf, type Request } from '../src/tables/threads/messages.ts';
import type { Job, JobResult, PlainFiles } from '../src/tables/threads/table-jobs.ts';

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
  await keepThreadCompiled();
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

/** Has a thread write a table, and change it. @throws Error when it can't */
async function keepThreadCompiled(): Promise<void> {
  const { port1: end, port2 } = new MessageChannel();
  const program = `
    const { Bundle, start } = require(${JSON.stringify(join(dist, 'start.cjs'))});
    require('node:worker_threads').workerData.once('message', () => {
      for (const bundle of Bundle.loaded) bundle.keepCompiled();
      process.exit();
    });
    start('table-thread.cjs');`;
  const thread = new Worker(program, { eval: true, workerData: port2, transferList: [port2] });
  const ended = new Promise((resolve, reject) => thread.once('exit', resolve).once('error', reject));
  const dat = join(work, 'table.dat');
  const files: PlainFiles = {
    dir: work,
    dat,
    candidate: '',
    dbm: [{ path: join(work, 'table'), format: 'bdb' }],
  };

  const merged = await done(thread, {
    kind: 'merge',
    contributions: [{ source: 'code cache', pairs: entriesOf(0, 30_000) }],
    measured: true,
  });
  if (merged.kind !== 'merge') throw new Error('no table');
  const parts = { dat: true, dbm: true };
  const { table } = merged;
  const staged = await done(thread, { kind: 'stage', files, table, parts, label: 'whole' });
  if (staged.kind !== 'stage') throw new Error('no files');
  for (const { from, to } of staged.renames) await rename(from, to);
  const [gone, come] = [inOrder(entriesOf(200, 210)), inOrder(entriesOf(40_000, 40_010))];
  const label = 'changed';
  const { digest } = Table.of(table);
  const stamps = stampsOf({ ...files, dbm: files.dbm.map(({ path }) => ({ path, format: formats.bdb })) });
  const before = { digest, sum: undefined, stamps };
  const ready = await done(thread, { kind: 'prepare', files, before, label });
  if (ready.kind !== 'prepare' || ready.prepared === undefined) throw new Error('no prepared files');
  const change = { gone, come, before };
  const patched = await done(thread, { kind: 'patch', files, change, label, prepared: ready.prepared });
  if (patched.kind !== 'patch' || patched.staged === undefined) throw new Error('no changed files');
  end.postMessage('end');
  await ended;
}

function done(thread: Worker, job: Job): Promise<JobResult> {
  return new Promise((resolve, reject) => {
    thread.once('message', (answer: Answer) => {
      if ('fault' in answer) reject(new Error(answer.fault));
      else resolve(answer.result);
    });
    const request: Request = { job, memories: memoriesOf(job) };
    thread.postMessage(request);
  });
}

function inOrder(pairs: Pairs): Pairs {
  return merge([{ source: 'code cache', pairs }]).table.columns();
}

/** Some addresses, in no order. */
function entriesOf(from: number, to: number): Pairs {
  const entries = new EntriesBuilder(to - from);
  for (let i = from; i < to; i++) {
    const text = Buffer.from(`${(i * 7919) % 10_007}.${i}@example.ac.uk`);
    const [key, value] = [text, text];
    entries.add(key, 0, key.length, value, 0, value.length);
  }
  return entries.finish();
}
