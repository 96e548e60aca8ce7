import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DbmError, formats, openTable } from '../../../src/dbm/index.ts';
import { testEveryFormat } from '../every-format/every-format.ts';
import { aliases, type Entry, pairsOf, scratchDirectory } from '../support.ts';
import { compileClient, dumped, loadedWith, testedWith } from './support.ts';

const directory = scratchDirectory();
const written = testEveryFormat(testedWith(compileClient(directory)), directory);

test('mdb_load makes a file with the same dump of the same entries', async () => {
  const entries = aliases(20_000);
  const theirs = join(directory, 'loaded');
  loadedWith(theirs, entries);
  expect(dumped(await written(entries))).toEqual(dumped(theirs));
});

test('keys from 1 to 511 bytes, so that branch pages have few of them', async () => {
  const short: Entry[] = Array.from({ length: 256 }, (_, i) => [Uint8Array.of(i), `${i}`]);
  const long: Entry[] = Array.from({ length: 3000 }, (_, i) => [`${i}`.padStart(511, 'k'), `${i}`]);
  await written([...short, ...long]);
});

/** Seven keys of 511 bytes fill a branch page: every number of children of the last page comes up. */
test('any number of pages on a level', async () => {
  for (let count = 1; count < 130; count++) {
    const entries: Entry[] = Array.from({ length: count }, (_, i) => [
      `${i}`.padStart(511, 'k'),
      'v'.repeat(1500),
    ]);
    await written(entries);
  }
}, 60_000);

test('pages that are filled to the last byte', async () => {
  const entries: Entry[] = Array.from({ length: 24 }, (_, i) => [
    `k${String.fromCharCode(97 + i)}`,
    'v'.repeat(2028),
  ]);
  const path = await written(entries);
  const file = openTable(path);
  expect(file.statistics().detail['bytes free on leaf pages']).toBe(0);
  file.close();
});

test('a NUL that is asked for where there is none', async () => {
  const plain = openTable(await written(aliases(10)), { terminated: true });
  expect(() => plain.pairs()).toThrow(/lacks its NUL/);
  plain.close();
});

test.each([0, 1, 2, 3, 1000, 20_000])(
  'neither the empty key nor one behind all others is found in %i entries',
  async (count) => {
    const file = openTable(await written(aliases(count)));
    for (const key of ['', 'zzz']) expect(file.get(Buffer.from(key))).toBeUndefined();
    file.close();
  },
);

test('an empty key is refused by name, and nothing of the file stays', async () => {
  const path = join(directory, 'empty-key');
  const writing = formats.lmdb.write(path, pairsOf([...aliases(5), ['', 'x']]));
  await expect(writing).rejects.toThrow(/empty key/);
  await expect(writing).rejects.toThrow(DbmError);
  expect(existsSync(path)).toBe(false);
});

test('both meta pages name the whole table, whatever transaction an old lock file tells a reader to look for', async () => {
  const bytes = readFileSync(await written(aliases(1000)));
  const tree = (page: number) => bytes.subarray(4096 * page + 16, 4096 * page + 144);
  expect(tree(0).equals(tree(1))).toBe(true);
  expect([0, 1].map((page) => bytes.readBigUInt64LE(4096 * page + 144))).toEqual([0n, 1n]);
});
