import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundlePrograms } from '../../../scripts/bundle.mjs';

// Where better-sqlite3 is found.
const cache = join(import.meta.dirname, '../../../.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'start-'));
beforeAll(() => bundlePrograms(folder));
afterAll(() => rmSync(folder, { recursive: true }));

/** Looks up in a configuration that is not there, which loads both files; says of each whether V8 took its code cache. */
function run(then = '', ...flags: readonly string[]) {
  return runIn(folder, then, ...flags);
}

function runIn(programs: string, then: string, ...flags: readonly string[]) {
  const script = `
    const { Bundle, start } = require(${JSON.stringify(join(programs, 'start.cjs'))});
    process.argv = ['node', 'mailhub-tables', 'lookup', 'a@example.ac.uk', '--config', '/nowhere/mailhub-tables.toml'];
    process.on('exit', () => {
      console.log(JSON.stringify(Array.from(Bundle.loaded, ({ isCompiled }) => isCompiled)));
      ${then}
    });
    start('cli.cjs');`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const compiled: boolean[] = JSON.parse(stdout);
  return { status, stderr, compiled };
}

const keep = 'for (const bundle of Bundle.loaded) bundle.keepCompiled();';
const refused = { status: 78, stderr: expect.stringContaining('there is no configuration') };
const caches = ['cli.cjs.cache', 'commands.cjs.cache'].map((name) => join(folder, name));

describe('a program', () => {
  beforeEach(() => {
    for (const cache of caches) rmSync(cache, { force: true });
  });

  test('runs without a code cache', () => {
    expect(run()).toMatchObject({ ...refused, compiled: [false, false] });
  });

  test('runs from its code cache, and writes it again from there', () => {
    for (const compiled of [false, true, true]) {
      expect(run(keep)).toMatchObject({ ...refused, compiled: [compiled, compiled] });
    }
  });

  test('runs with a code cache that is damaged, empty, or of another version of the program', () => {
    run(keep);
    const [cli, commands] = caches.map((cache) => readFileSync(cache));
    commands[commands.length >> 1] ^= 1;
    for (const damaged of [commands, Buffer.alloc(0), cli]) {
      writeFileSync(caches[1], damaged);
      expect(run()).toMatchObject({ ...refused, compiled: [true, false] });
    }
  });

  test('runs with the flags of somebody else, by which V8 compiles in another way', () => {
    run(keep);
    expect(run('', '--no-lazy-feedback-allocation')).toMatchObject({ ...refused, compiled: [false, false] });
  });
});

const built = join(import.meta.dirname, '../../../dist');

test('the program that `make build` leaves starts from its code cache', () => {
  expect(runIn(built, '')).toMatchObject({ ...refused, compiled: [true, true] });
});

test('so does what its threads run', () => {
  const script = `
    const { Bundle, start } = require(${JSON.stringify(join(built, 'start.cjs'))});
    start('table-thread.cjs');
    console.log(JSON.stringify(Array.from(Bundle.loaded, ({ isCompiled }) => isCompiled)));`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  expect(JSON.parse(stdout)).toEqual([true]);
});
