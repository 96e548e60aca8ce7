import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeBdb } from '../../../src/dbm/bdb/write.ts';
import { DbmError, openTable } from '../../../src/dbm/index.ts';
import type { SecondThread } from '../../../src/dbm/second-thread/second-thread.ts';
import { secondThread } from '../second-thread.ts';
import { aliases, type Entry, pairsOf, run, runs, scratchDirectory } from '../support.ts';
import { dbVerify } from './support.ts';

const directory = scratchDirectory();
const path = join(directory, 'table');
let second: SecondThread;
beforeAll(async () => {
  second = await secondThread(directory);
});
afterAll(() => second.end());
beforeEach(() => rmSync(path, { force: true }));

/** The file that two threads make of these entries, once it is found to be the one that one thread makes. */
async function sameFile(entries: readonly Entry[], terminated = true): Promise<string> {
  const alone = join(directory, 'alone');
  for (const file of [path, alone]) rmSync(file, { force: true });
  const pairs = pairsOf(entries);
  await writeBdb(alone, pairs, { terminated, readBack: true });
  const spy = vi.spyOn(second, 'share').mockClear();
  await writeBdb(path, pairs, { terminated, readBack: true, second });
  expect(spy).toHaveBeenCalledOnce();
  expect(readFileSync(path).equals(readFileSync(alone))).toBe(true);
  return path;
}

describe('two threads write the file that one writes', () => {
  test.each([0, 1, 2, 3, 100, 9000, 64_000, 150_000])('of %i aliases', async (count) => {
    await sameFile(aliases(count).toReversed());
    dbVerify(path);
  });

  test('with buckets of several pages in both halves', async () => {
    await sameFile(aliases(85_000));
    const file = openTable(path);
    expect(file.statistics().detail['bucket overflow pages']).toBeGreaterThan(10);
    file.close();
  });

  test('with long items in both halves', async () => {
    const long = aliases(30_000).map(
      ([key, value], i): Entry => [key, i % 40 === 0 ? `${i} `.repeat(3 * (i % 3000)) : value],
    );
    await sameFile(long);
    dbVerify(path);
    await sameFile(long, false);
  });

  test('of random tables', async () => {
    const text = (maxLength: number) => fc.string({ unit: 'binary-ascii', maxLength });
    const value = fc.oneof({ weight: 9, arbitrary: text(60) }, { weight: 1, arbitrary: text(12_000) });
    const table = fc.uniqueArray(fc.tuple(text(40), value), {
      selector: ([key]) => key,
      maxLength: 400,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), async (entries, terminated) => {
        await sameFile(entries, terminated);
      }),
      runs(100),
    );
  });
});

describe('a fault of either thread is told, and leaves no file', () => {
  test('a key that is there twice, in whichever half', async () => {
    const entries = aliases(5000);
    for (const [key] of [100, 101, 102, 103, 104, 105].map((i) => entries[i])) {
      const writing = writeBdb(path, pairsOf([...entries, [key, 'again']]), { second });
      rmSync(path, { force: true });
      await expect(writing).rejects.toThrow(
        new DbmError(path, `the key ${JSON.stringify(key)} is there twice`),
      );
      expect(existsSync(path)).toBe(false);
    }
  });

  test('a disk that is full', async () => {
    const folder = join(directory, 'full');
    mkdirSync(folder);
    run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
    try {
      const writing = writeBdb(join(folder, 'table'), pairsOf(aliases(100_000)), { second });
      await expect(writing).rejects.toThrow(/full.table: cannot write it: ENOSPC/);
      await expect(writing).rejects.toHaveProperty('cause.code', 'ENOSPC');
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      run('umount', [folder]);
    }
  });

  test.each([
    ['that throws', 'hash', 'throw new Error("out of breath")', /cannot write it: out of breath/],
    ['that throws', 'share', 'throw new Error("out of breath")', /cannot write it: out of breath/],
    ['that ends', 'share', 'process.exit(0)', /cannot write it: the thread that did half of it has ended/],
  ])('a thread %s over a %s', async (_, job, fault, message) => {
    const before = `const port = require('node:worker_threads').parentPort;
      const on = port.on.bind(port);
      port.on = (name, listener) => on(name, (message) => {
        if (message.job?.kind === '${job}') { ${fault} }
        listener(message);
      });`;
    const dying = await secondThread(directory, before);
    const pairs = pairsOf(aliases(20_000));
    const writing = writeBdb(path, pairs, { second: dying });
    await expect(writing).rejects.toThrow(message);
    await expect(writing).rejects.toThrow(DbmError);
    expect(existsSync(path)).toBe(false);
    expect(dying.isReady).toBe(false);
    await writeBdb(path, pairs, { second: dying, readBack: true });
    dbVerify(path);
    rmSync(path);
  });
});
