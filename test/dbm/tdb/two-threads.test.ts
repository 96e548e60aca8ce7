import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { DbmError } from '../../../src/dbm/index.ts';
import type { SecondThread } from '../../../src/dbm/second-thread/second-thread.ts';
import { writeTdb } from '../../../src/dbm/tdb/write.ts';
import { secondThread } from '../second-thread.ts';
import { aliases, type Entry, pairsOf, runs, scratchDirectory } from '../support.ts';

const directory = scratchDirectory();
const path = join(directory, 'table');
let second: SecondThread;
beforeAll(async () => {
  second = await secondThread(directory);
});
afterAll(() => second.end());
beforeEach(() => rmSync(path, { force: true }));

/** Has two threads make a file of these entries, and finds it to be the one that one thread makes. */
async function sameFile(entries: readonly Entry[], terminated = true): Promise<void> {
  const alone = join(directory, 'alone');
  for (const file of [path, alone]) rmSync(file, { force: true });
  const pairs = pairsOf(entries);
  await writeTdb(alone, pairs, { terminated, readBack: true });
  const spy = vi.spyOn(second, 'records').mockClear();
  await writeTdb(path, pairs, { terminated, readBack: true, second });
  expect(spy).toHaveBeenCalledOnce();
  expect(readFileSync(path).equals(readFileSync(alone))).toBe(true);
}

test.each([0, 1, 2, 3, 100, 9000, 150_000])(
  'two threads write the file that one writes, of %i aliases',
  async (count) => {
    await sameFile(aliases(count).toReversed());
  },
);

test('two threads write the file that one writes, of records that no piece has room for', async () => {
  const long = aliases(5000).map(
    ([key, value], i): Entry => [key, i % 500 === 0 ? 'x'.repeat(400_000 + i) : value],
  );
  await sameFile(long);
  await sameFile(long, false);
});

test('two threads write the file that one writes, of random tables', async () => {
  const text = (maxLength: number) => fc.string({ unit: 'binary-ascii', maxLength });
  const table = fc.uniqueArray(fc.tuple(text(40), text(60)), {
    selector: ([key]) => key,
    maxLength: 400,
    size: 'max',
  });
  await fc.assert(fc.asyncProperty(table, fc.boolean(), sameFile), runs(100));
});

test('a key that is there twice, in whichever half, is told, and leaves no file', async () => {
  const entries = aliases(5000);
  for (const [key] of [100, 101, 102, 103, 104, 105].map((i) => entries[i])) {
    const writing = writeTdb(path, pairsOf([...entries, [key, 'again']]), { second });
    await expect(writing).rejects.toThrow(
      new DbmError(path, `the key ${JSON.stringify(key)} is there twice`),
    );
    expect(existsSync(path)).toBe(false);
  }
});
